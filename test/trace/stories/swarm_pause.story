# A paused node comes after the active ones and before the drained ones.
nodes 200 150 100
docker
start A B C
swarm A 10
swarm B worker
swarm C worker
run 4000
holders
swarm A 11 A=pause
run 1000
holders
say the active ones go
crash B C
run 1000
holders
say one that is drained is no better
start B
swarm B 12 A=pause B=drain
run 6000
holders
----
[    0.000] A check0 unknown -> ok: the check passes
[    0.000] B check0 unknown -> ok: the check passes
[    0.000] C check0 unknown -> ok: the check passes
[    0.419] A vip0 standby -> claiming: nobody held it
[  150.519] A vip0 claiming -> holding: nobody held it
[  150.519] A vip0 holder - -> A: nobody held it
[  150.824] B vip0 holder - -> A: heard from it
[  150.868] C vip0 holder - -> A: heard from it
= vip0: A
[ 4000.000] A swarm active -> pause (A): paused in the swarm: docker node update --availability pause
[ 4000.262] B vip0 standby -> claiming (A): this node is preferred to the holder
[ 4000.367] A vip0 holding -> releasing (B): a preferred node claims it
[ 4000.427] A vip0 releasing -> standby (B): a preferred node claims it
[ 4000.645] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 4000.645] B vip0 holder A -> B: the holder handed it over
[ 4000.942] A vip0 holder A -> B: a preferred node claims it
[ 4000.946] C vip0 holder A -> B: the holder handed it over
= vip0: B
# the active ones go
[ 5100.947] A vip0 standby -> claiming (B): its holder died
[ 5101.047] A vip0 claiming -> holding (B): its holder died
[ 5101.047] A vip0 holder B -> A: its holder died
= vip0: A
# one that is drained is no better
[ 6000.000] B swarm unknown -> drain (B): drained in the swarm: docker node update --availability drain
[ 6000.000] B check0 unknown -> ok: the check passes
[ 6000.351] B vip0 holder - -> A: heard from it
= vip0: A
