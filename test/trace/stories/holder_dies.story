# The holder's node dies: suspected after 1.25 T of silence, asked twelve times, dead after 2 T.
nodes 200 150 100
members on
start A B C
run 3030
say the holder dies
mark
crash A
run 1000
holders
dual
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
# the holder dies
[ 3075.594] C node A alive -> suspect: missed its heartbeat
[ 3075.606] B node A alive -> suspect: missed its heartbeat
[ 3150.594] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.606] B node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3150.606] B vip0 standby -> claiming (A): its holder died
[ 3150.706] B vip0 claiming -> holding (A): its holder died
[ 3150.706] B vip0 holder A -> B: its holder died
[ 3151.008] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 120.706 ms at most
