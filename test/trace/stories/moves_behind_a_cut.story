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
[  150.693] A vip0 claiming -> holding: nobody held it
[  150.693] A vip0 holder - -> A: nobody held it
[  150.808] D vip0 holder - -> A: heard from it
[  150.835] C vip0 holder - -> A: heard from it
[  150.937] B vip0 holder - -> A: heard from it
[ 3100.168] C vip0 standby -> claiming (A): the holder is drained
[ 3100.274] B vip0 standby -> claiming (A): the holder is drained
[ 3100.407] A vip0 holding -> releasing (C): a preferred node claims it
[ 3100.467] A vip0 releasing -> standby (C): a preferred node claims it
[ 3100.672] B vip0 claiming -> standby: another node is elected
[ 3100.699] C vip0 claiming -> holding (A): the holder is drained
[ 3100.699] C vip0 holder A -> C: the holder handed it over
[ 3100.793] D vip0 holder A -> C: the holder handed it over
[ 3100.883] A vip0 holder A -> C: a preferred node claims it
[ 3100.936] B vip0 holder A -> C: the holder handed it over
= vip0: C
= two holders for 0.000 ms
# B gets well a moment later: it does not know that anybody holds the VIP, and is told at once
[ 3200.000] A vip0 standby -> claiming (C): this node is preferred to the holder
[ 3200.146] C vip0 holding -> releasing (A): a preferred node claims it
[ 3200.206] C vip0 releasing -> standby (A): a preferred node claims it
[ 3200.450] A vip0 claiming -> holding (C): this node is preferred to the holder
[ 3200.450] A vip0 holder C -> A: the holder handed it over
[ 3200.620] C vip0 holder C -> A: a preferred node claims it
[ 3200.709] B vip0 holder C -> A: the holder handed it over
[ 3200.755] D vip0 holder C -> A: the holder handed it over
[ 7870.163] C vip0 standby -> claiming (A): the holder is drained
[ 7870.231] A vip0 holding -> releasing (C): a preferred node claims it
[ 7870.291] A vip0 releasing -> standby (C): a preferred node claims it
[ 7870.725] C vip0 claiming -> holding (A): the holder is drained
[ 7870.725] C vip0 holder A -> C: the holder handed it over
[ 7870.864] D vip0 holder A -> C: the holder handed it over
[ 7870.957] A vip0 holder A -> C: a preferred node claims it
[ 7970.000] B vip0 standby -> claiming (A): nobody held it
[ 7970.100] B vip0 claiming -> holding (A): nobody held it
[ 7970.100] B vip0 holder A -> B: the holder handed it over
[ 7970.285] B vip0 rival - -> C: another node holds it too
[ 7970.285] B vip0 holding -> releasing (C): a preferred node holds it too
[ 7970.285] B vip0 holder B -> C: a preferred node holds it too
[ 7970.345] C vip0 rival - -> B: another node holds it too
[ 7970.345] B vip0 releasing -> standby (C): a preferred node holds it too
[ 7970.534] C vip0 rival B -> -: no other node holds it any more
= vip0: C
= two holders for 0.245 ms
