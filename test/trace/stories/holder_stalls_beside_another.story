# A dies; B, who is asked with it as its standby, has VIPs of its own and is stalled just then. B beats at other
# moments than A: its keeper keeps them for one detection after B's last beat, and so long C has to wait.
nodes 100 100 100
vips 8
start A B C
run 3000
crash B
run 1050
start B
run 3000
mark
crash A
run 20
stall B 500
run 400
holders
dual
----
[    0.393] A vip2 standby -> claiming: nobody held it
[    0.393] A vip4 standby -> claiming: nobody held it
[    0.393] A vip6 standby -> claiming: nobody held it
[    0.393] A vip7 standby -> claiming: nobody held it
[    0.396] B vip0 standby -> claiming: nobody held it
[    0.396] B vip3 standby -> claiming: nobody held it
[    0.457] C vip1 standby -> claiming: nobody held it
[    0.457] C vip5 standby -> claiming: nobody held it
[    0.493] A vip2 claiming -> holding: nobody held it
[    0.493] A vip2 holder - -> A: nobody held it
[    0.496] B vip0 claiming -> holding: nobody held it
[    0.496] B vip0 holder - -> B: nobody held it
[    0.557] C vip1 claiming -> holding: nobody held it
[    0.557] C vip1 holder - -> C: nobody held it
[    0.593] A vip4 claiming -> holding: nobody held it
[    0.593] A vip4 holder - -> A: nobody held it
[    0.596] B vip3 claiming -> holding: nobody held it
[    0.596] B vip3 holder - -> B: nobody held it
[    0.621] B vip2 holder - -> A: heard from it
[    0.643] A vip1 holder - -> C: heard from it
[    0.651] C vip2 holder - -> A: heard from it
[    0.651] C vip4 holder - -> A: heard from it
[    0.657] C vip5 claiming -> holding: nobody held it
[    0.657] C vip5 holder - -> C: nobody held it
[    0.668] B vip4 holder - -> A: heard from it
[    0.693] A vip6 claiming -> holding: nobody held it
[    0.693] A vip6 holder - -> A: nobody held it
[    0.752] B vip1 holder - -> C: heard from it
[    0.752] B vip5 holder - -> C: heard from it
[    0.753] C vip0 holder - -> B: heard from it
[    0.753] C vip3 holder - -> B: heard from it
[    0.793] A vip7 claiming -> holding: nobody held it
[    0.793] A vip7 holder - -> A: nobody held it
[    0.796] A vip0 holder - -> B: heard from it
[    0.816] A vip5 holder - -> C: heard from it
[    0.826] A vip3 holder - -> B: heard from it
[    0.876] C vip6 holder - -> A: heard from it
[    0.876] C vip7 holder - -> A: heard from it
[    0.906] B vip6 holder - -> A: heard from it
[    0.906] B vip7 holder - -> A: heard from it
[ 3100.653] A vip0 standby -> claiming (B): its holder died
[ 3100.753] A vip0 claiming -> holding (B): its holder died
[ 3100.753] A vip0 holder B -> A: its holder died
[ 3100.894] C vip3 standby -> claiming (B): its holder died
[ 3100.919] C vip0 holder B -> A: its holder died
[ 3100.994] C vip3 claiming -> holding (B): its holder died
[ 3100.994] C vip3 holder B -> C: its holder died
[ 3101.084] A vip3 holder B -> C: its holder died
[ 4050.440] B vip1 holder - -> C: heard from it
[ 4050.440] B vip3 holder - -> C: heard from it
[ 4050.440] B vip5 holder - -> C: heard from it
[ 4050.523] B vip0 standby -> claiming: this node is preferred to the holder
[ 4050.523] B vip0 holder - -> A: heard from it
[ 4050.523] B vip2 holder - -> A: heard from it
[ 4050.523] B vip3 standby -> claiming (C): this node is preferred to the holder
[ 4050.523] B vip4 holder - -> A: heard from it
[ 4050.523] B vip6 holder - -> A: heard from it
[ 4050.523] B vip7 holder - -> A: heard from it
[ 4050.629] A vip0 holding -> releasing (B): a preferred node claims it
[ 4050.689] A vip0 releasing -> standby (B): a preferred node claims it
[ 4050.691] C vip3 holding -> releasing (B): a preferred node claims it
[ 4050.751] C vip3 releasing -> standby (B): a preferred node claims it
[ 4050.864] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 4050.864] B vip0 holder A -> B: the holder handed it over
[ 4050.951] A vip0 holder A -> B: a preferred node claims it
[ 4050.957] C vip0 holder A -> B: the holder handed it over
[ 4051.031] B vip3 claiming -> holding (C): this node is preferred to the holder
[ 4051.031] B vip3 holder C -> B: the holder handed it over
[ 4051.209] A vip3 holder C -> B: the holder handed it over
[ 4051.305] C vip3 holder C -> B: a preferred node claims it
[ 7250.994] C vip2 holder A -> -: its holder died
[ 7250.994] C vip4 holder A -> -: its holder died
[ 7250.994] C vip6 holder A -> -: its holder died
[ 7250.994] C vip7 holder A -> -: its holder died
[ 7251.185] C vip0 standby -> claiming (B): its holder died
[ 7251.185] C vip2 standby -> claiming: nobody held it
[ 7251.185] C vip3 standby -> claiming (B): its holder died
[ 7251.185] C vip4 standby -> claiming: nobody held it
[ 7251.185] C vip6 standby -> claiming: nobody held it
[ 7251.185] C vip7 standby -> claiming: nobody held it
[ 7251.285] C vip0 claiming -> holding (B): its holder died
[ 7251.285] C vip0 holder B -> C: its holder died
[ 7251.385] C vip2 claiming -> holding: nobody held it
[ 7251.385] C vip2 holder - -> C: nobody held it
[ 7251.485] C vip3 claiming -> holding (B): its holder died
[ 7251.485] C vip3 holder B -> C: its holder died
[ 7251.585] C vip4 claiming -> holding: nobody held it
[ 7251.585] C vip4 holder - -> C: nobody held it
[ 7251.685] C vip6 claiming -> holding: nobody held it
[ 7251.685] C vip6 holder - -> C: nobody held it
[ 7251.785] C vip7 claiming -> holding: nobody held it
[ 7251.785] C vip7 holder - -> C: nobody held it
= vip0: C
= vip1: C
= vip2: C
= vip3: C
= vip4: C
= vip5: C
= vip6: C
= vip7: C
= two holders for 0.000 ms
