# A datagram of the holder's former life is replayed: nothing changes.
nodes 200 150
members on
start A B
run 3000
crash A
run 3000
say replayed
replay A B
run 1000
holders
----
[    0.317] B node A unknown -> alive: heard from it
[    0.604] A node B unknown -> alive: heard from it
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
[ 3076.016] B node A alive -> suspect: missed its heartbeat
[ 3151.016] B node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3151.016] B vip0 standby -> claiming (A): its holder died
[ 3151.116] B vip0 claiming -> holding (A): its holder died
[ 3151.116] B vip0 holder A -> B: its holder died
# replayed
= vip0: B
