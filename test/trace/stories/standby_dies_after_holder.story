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
[    0.370] B node A unknown -> alive: heard from it
[    0.377] C node B unknown -> alive: heard from it
[    0.453] A node D unknown -> alive: heard from it
[    0.528] B node C unknown -> alive: heard from it
[    0.537] D node C unknown -> alive: heard from it
[    0.541] A node B unknown -> alive: heard from it
[    0.541] A vip0 standby -> claiming: nobody held it
[    0.593] B node D unknown -> alive: heard from it
[    0.641] A vip0 claiming -> holding: nobody held it
[    0.641] A vip0 holder - -> A: nobody held it
[    0.798] B vip0 holder - -> A: heard from it
[    0.821] C vip0 holder - -> A: heard from it
[    0.963] D vip0 holder - -> A: heard from it
[ 3125.738] C node A alive -> suspect: missed its heartbeat
[ 3125.758] D node A alive -> suspect: missed its heartbeat
[ 3125.922] B node A alive -> suspect: missed its heartbeat
[ 3200.738] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3200.758] D node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3225.738] C node B alive -> suspect: missed its heartbeat
[ 3225.758] D node B alive -> suspect: missed its heartbeat
[ 3300.738] C node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3300.738] C vip0 standby -> claiming (A): its holder died
[ 3300.758] D node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3300.758] D vip0 holder A -> -: its holder died
[ 3300.838] C vip0 claiming -> holding (A): its holder died
[ 3300.838] C vip0 holder A -> C: its holder died
[ 3301.146] D vip0 holder - -> C: nobody held it
= vip0: C
= no holder for 270.838 ms at most
