# ICMP says that the holder's port is closed: it is asked early, but as often as ever, and dead no sooner.
nodes 200 150
members on
start A B
run 3000
say a forged message: the holder answers
unreachable B A
run 500
say a true one
crash A
unreachable B A
run 500
holders
----
[    0.317] B node A unknown -> alive: heard from it
[    0.604] A node B unknown -> alive: heard from it
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
# a forged message: the holder answers
[ 3000.000] B node A alive -> suspect: missed its heartbeat
[ 3000.459] B node A suspect -> alive: heard from it
# a true one
[ 3500.000] B node A alive -> suspect: missed its heartbeat
[ 3650.814] B node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3650.814] B vip0 standby -> claiming (A): its holder died
[ 3650.914] B vip0 claiming -> holding (A): its holder died
[ 3650.914] B vip0 holder A -> B: its holder died
= vip0: B
