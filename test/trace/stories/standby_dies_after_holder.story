# The elected node dies just after the holder was found dead: vacancy, it owed a heartbeat.
nodes 200 150 100 50
members on
start A B C D
run 3030
mark
crash A
run 150
crash B
run 1500
holders
gap
----
[    0.210] D node A unknown -> alive: heard from it
[    0.288] C node A unknown -> alive: heard from it
[    0.290] C node D unknown -> alive: heard from it
[    0.325] D node B unknown -> alive: heard from it
[    0.335] A node C unknown -> alive: heard from it
[    0.356] B node D unknown -> alive: heard from it
[    0.364] D node C unknown -> alive: heard from it
[    0.377] C node B unknown -> alive: heard from it
[    0.514] A node D unknown -> alive: heard from it
[    0.528] B node C unknown -> alive: heard from it
[    0.534] A node B unknown -> alive: heard from it
[    0.534] A vip0 standby -> claiming: nobody held it
[    0.573] B node A unknown -> alive: heard from it
[  150.634] A vip0 claiming -> holding: nobody held it
[  150.634] A vip0 holder - -> A: nobody held it
[  150.893] C vip0 holder - -> A: heard from it
[  150.938] D vip0 holder - -> A: heard from it
[  150.970] B vip0 holder - -> A: heard from it
[ 3075.720] B node A alive -> suspect: missed its heartbeat
[ 3075.736] C node A alive -> suspect: missed its heartbeat
[ 3075.899] D node A alive -> suspect: missed its heartbeat
[ 3150.720] B node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.720] B vip0 standby -> claiming (A): its holder died
[ 3150.736] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.820] B vip0 claiming -> holding (A): its holder died
[ 3150.820] B vip0 holder A -> B: its holder died
[ 3150.899] D node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3151.009] C vip0 holder A -> B: its holder died
[ 3151.064] D vip0 holder A -> B: its holder died
[ 3276.009] C node B alive -> suspect: missed its heartbeat
[ 3276.064] D node B alive -> suspect: missed its heartbeat
[ 3351.009] C node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3351.009] C vip0 standby -> claiming (B): its holder died
[ 3351.064] D node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3351.109] C vip0 claiming -> holding (B): its holder died
[ 3351.109] C vip0 holder B -> C: its holder died
[ 3351.349] D vip0 holder B -> C: its holder died
= vip0: C
= no holder for 171.109 ms at most
