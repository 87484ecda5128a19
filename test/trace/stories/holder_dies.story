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
[    0.292] B node C unknown -> alive: heard from it
[    0.309] B node A unknown -> alive: heard from it
[    0.409] C node B unknown -> alive: heard from it
[    0.436] A node C unknown -> alive: heard from it
[    0.454] A node B unknown -> alive: heard from it
[    0.454] A vip0 standby -> claiming: nobody held it
[    0.487] C node A unknown -> alive: heard from it
[    0.554] A vip0 claiming -> holding: nobody held it
[    0.554] A vip0 holder - -> A: nobody held it
[    0.783] C vip0 holder - -> A: heard from it
[    0.877] B vip0 holder - -> A: heard from it
# the holder dies
[ 3125.737] B node A alive -> suspect: missed its heartbeat
[ 3125.856] C node A alive -> suspect: missed its heartbeat
[ 3200.737] B node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3200.737] B vip0 standby -> claiming (A): its holder died
[ 3200.837] B vip0 claiming -> holding (A): its holder died
[ 3200.837] B vip0 holder A -> B: its holder died
[ 3200.856] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3200.978] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 170.837 ms at most
