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
[    0.634] A vip0 claiming -> holding: nobody held it
[    0.634] A vip0 holder - -> A: nobody held it
[    0.874] D vip0 holder - -> A: heard from it
[    0.946] C vip0 holder - -> A: heard from it
[    0.983] B vip0 holder - -> A: heard from it
[ 3125.738] B node A alive -> suspect: missed its heartbeat
[ 3125.792] C node A alive -> suspect: missed its heartbeat
[ 3125.939] D node A alive -> suspect: missed its heartbeat
[ 3200.792] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3200.939] D node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3225.792] C node B alive -> suspect: missed its heartbeat
[ 3225.939] D node B alive -> suspect: missed its heartbeat
[ 3300.792] C node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3300.792] C vip0 standby -> claiming (A): its holder died
[ 3300.892] C vip0 claiming -> holding (A): its holder died
[ 3300.892] C vip0 holder A -> C: its holder died
[ 3300.939] D node B suspect -> alive: heard from it
[ 3301.232] D vip0 holder A -> C: its holder died
[ 4201.041] D node B alive -> suspect: missed its heartbeat
[ 4276.041] D node B suspect -> dead: twelve rounds of questions stayed without an answer
= vip0: C
= no holder for 270.892 ms at most
