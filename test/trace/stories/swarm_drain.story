# A worker cannot see its own drain; the managers say it. C is the worker, A and B are managers.
nodes 150 100 200
docker
start A B C
swarm A 10
swarm B 10
swarm C worker
run 4000
holders
say C is drained, and A sees it first
swarm A 12 C=drain
run 800
swarm B 12 C=drain
run 1000
holders
say A, whose word it was, dies; B says the same
crash A
run 3000
holders
say nobody knows any more, and C stays drained
swarm B worker
run 3000
say it is made active, and B knows it again
swarm B 15
run 3000
holders
say the index decides, not who speaks last
start A
swarm A 14 C=drain
run 6000
holders
say a manager that is drained sees it itself
swarm A 15
run 6000
swarm C 20 C=drain
run 1000
holders
say and in no swarm nobody is drained
swarm C none
run 1000
holders
----
[    0.000] A check0 unknown -> ok: the check passes
[    0.000] B check0 unknown -> ok: the check passes
[    0.000] C check0 unknown -> ok: the check passes
[    0.556] C vip0 standby -> claiming: nobody held it
[  150.656] C vip0 claiming -> holding: nobody held it
[  150.656] C vip0 holder - -> C: nobody held it
[  150.895] B vip0 holder - -> C: heard from it
[  150.968] A vip0 holder - -> C: heard from it
= vip0: C
# C is drained, and A sees it first
[ 4000.293] C swarm active -> drain (A): drained in the swarm: docker node update --availability drain
[ 4000.366] A vip0 standby -> claiming (C): the holder is drained
[ 4000.625] C vip0 holding -> releasing (A): a preferred node claims it
[ 4000.685] C vip0 releasing -> standby (A): a preferred node claims it
[ 4000.984] A vip0 claiming -> holding (C): the holder is drained
[ 4000.984] A vip0 holder C -> A: the holder handed it over
[ 4001.063] B vip0 holder C -> A: the holder handed it over
[ 4001.295] C vip0 holder C -> A: a preferred node claims it
= vip0: A
# A, whose word it was, dies; B says the same
[ 5901.089] B vip0 standby -> claiming (A): its holder died
[ 5901.189] B vip0 claiming -> holding (A): its holder died
[ 5901.189] B vip0 holder A -> B: its holder died
[ 5901.441] C vip0 holder A -> B: its holder died
= vip0: B
# nobody knows any more, and C stays drained
# it is made active, and B knows it again
[11800.319] C swarm drain -> active (B): active in the swarm again
[11800.319] C vip0 standby -> claiming (B): this node is preferred to the holder
[11800.381] B vip0 holding -> releasing (C): a preferred node claims it
[11800.441] B vip0 releasing -> standby (C): a preferred node claims it
[11800.608] C vip0 claiming -> holding (B): this node is preferred to the holder
[11800.608] C vip0 holder B -> C: the holder handed it over
[11800.689] B vip0 holder B -> C: a preferred node claims it
= vip0: C
# the index decides, not who speaks last
[14800.000] A check0 unknown -> ok: the check passes
[14800.348] A vip0 holder - -> C: heard from it
= vip0: C
# a manager that is drained sees it itself
[26800.000] C swarm active -> drain (C): drained in the swarm: docker node update --availability drain
[26800.080] A vip0 standby -> claiming (C): the holder is drained
[26800.151] C vip0 holding -> releasing (A): a preferred node claims it
[26800.211] C vip0 releasing -> standby (A): a preferred node claims it
[26800.446] A vip0 claiming -> holding (C): the holder is drained
[26800.446] A vip0 holder C -> A: the holder handed it over
[26800.618] C vip0 holder C -> A: a preferred node claims it
[26800.641] B vip0 holder C -> A: the holder handed it over
= vip0: A
# and in no swarm nobody is drained
[27800.000] C swarm drain -> unknown (-): in no swarm any more
[27800.000] C vip0 standby -> claiming (A): this node is preferred to the holder
[27800.087] A vip0 holding -> releasing (C): a preferred node claims it
[27800.147] A vip0 releasing -> standby (C): a preferred node claims it
[27800.314] C vip0 claiming -> holding (A): this node is preferred to the holder
[27800.314] C vip0 holder A -> C: the holder handed it over
[27800.415] A vip0 holder A -> C: a preferred node claims it
[27800.637] B vip0 holder A -> C: the holder handed it over
= vip0: C
