# Holder and best standby die in the same moment: the third has asked both in the same rounds.
nodes 200 150 100
members on
start A B C
run 3030
mark
crash A B
run 1000
holders
gap
----
[    0.264] C node B unknown -> alive: heard from it
[    0.363] B node A unknown -> alive: heard from it
[    0.376] A node C unknown -> alive: heard from it
[    0.393] A node B unknown -> alive: heard from it
[    0.393] A vip0 standby -> claiming: nobody held it
[    0.396] B node C unknown -> alive: heard from it
[    0.457] C node A unknown -> alive: heard from it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3075.594] C node A alive -> suspect: missed its heartbeat
[ 3110.011] C node B alive -> suspect: missed its heartbeat
[ 3150.594] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.594] C node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.594] C vip0 standby -> claiming (A): its holder died
[ 3150.694] C vip0 claiming -> holding (A): its holder died
[ 3150.694] C vip0 holder A -> C: its holder died
= vip0: C
= no holder for 120.694 ms at most
