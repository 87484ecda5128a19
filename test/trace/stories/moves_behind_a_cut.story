# B and C are parted. Before either has missed a heartbeat of the other one, C gets well and the VIP
# goes to it: B knows nothing of that but by those who hear both.
nodes 200 150 180 100
start A B C D
condition C unhealthy
run 3000
cut B C
run 50
condition C healthy
run 50
condition A drained
run 100
holders
dual
say B gets well a moment later: it does not know that anybody holds the VIP, and is told at once
heal B C
condition A healthy
condition B unhealthy
condition C unhealthy
run 4600
cut B C
run 50
condition C healthy
run 20
condition A drained
run 100
condition B healthy
run 100
holders
dual
----
[    0.593] A vip0 standby -> claiming: nobody held it
[    0.693] A vip0 claiming -> holding: nobody held it
[    0.693] A vip0 holder - -> A: nobody held it
[    0.912] C vip0 holder - -> A: heard from it
[    0.932] B vip0 holder - -> A: heard from it
[    0.959] D vip0 holder - -> A: heard from it
[ 3100.090] C vip0 standby -> claiming (A): the holder is drained
[ 3100.284] B vip0 standby -> claiming (A): the holder is drained
[ 3100.392] A vip0 holding -> releasing (C): a preferred node claims it
[ 3100.452] A vip0 releasing -> standby (C): a preferred node claims it
[ 3100.643] B vip0 claiming -> standby: another node is elected
[ 3100.685] C vip0 claiming -> holding (A): the holder is drained
[ 3100.685] C vip0 holder A -> C: the holder handed it over
[ 3100.828] D vip0 holder A -> C: the holder handed it over
[ 3100.923] A vip0 holder A -> C: a preferred node claims it
[ 3101.104] B vip0 holder A -> C: the holder handed it over
= vip0: C
= two holders for 0.000 ms
# B gets well a moment later: it does not know that anybody holds the VIP, and is told at once
[ 3200.000] A vip0 standby -> claiming (C): this node is preferred to the holder
[ 3200.220] C vip0 holding -> releasing (A): a preferred node claims it
[ 3200.280] C vip0 releasing -> standby (A): a preferred node claims it
[ 3200.467] A vip0 claiming -> holding (C): this node is preferred to the holder
[ 3200.467] A vip0 holder C -> A: the holder handed it over
[ 3200.589] B vip0 holder C -> A: the holder handed it over
[ 3200.637] D vip0 holder C -> A: the holder handed it over
[ 3200.726] C vip0 holder C -> A: a preferred node claims it
[ 7870.085] C vip0 standby -> claiming (A): the holder is drained
[ 7870.203] A vip0 holding -> releasing (C): a preferred node claims it
[ 7870.263] A vip0 releasing -> standby (C): a preferred node claims it
[ 7870.502] C vip0 claiming -> holding (A): the holder is drained
[ 7870.502] C vip0 holder A -> C: the holder handed it over
[ 7870.625] D vip0 holder A -> C: the holder handed it over
[ 7870.807] A vip0 holder A -> C: a preferred node claims it
[ 7970.000] B vip0 standby -> claiming (A): nobody held it
[ 7970.100] B vip0 claiming -> holding (A): nobody held it
[ 7970.100] B vip0 holder A -> B: the holder handed it over
[ 7970.287] B vip0 rival - -> C: another node holds it too
[ 7970.287] B vip0 holding -> releasing (C): a preferred node holds it too
[ 7970.287] B vip0 holder B -> C: a preferred node holds it too
[ 7970.339] C vip0 rival - -> B: another node holds it too
[ 7970.347] B vip0 releasing -> standby (C): a preferred node holds it too
[ 7970.733] C vip0 rival B -> -: no other node holds it any more
= vip0: C
= two holders for 0.247 ms
