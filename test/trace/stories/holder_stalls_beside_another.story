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
[  150.493] A vip2 claiming -> holding: nobody held it
[  150.493] A vip2 holder - -> A: nobody held it
[  150.496] B vip0 claiming -> holding: nobody held it
[  150.496] B vip0 holder - -> B: nobody held it
[  150.557] C vip1 claiming -> holding: nobody held it
[  150.557] C vip1 holder - -> C: nobody held it
[  150.587] B vip2 holder - -> A: heard from it
[  150.593] A vip4 claiming -> holding: nobody held it
[  150.593] A vip4 holder - -> A: nobody held it
[  150.596] B vip3 claiming -> holding: nobody held it
[  150.596] B vip3 holder - -> B: nobody held it
[  150.657] C vip5 claiming -> holding: nobody held it
[  150.657] C vip5 holder - -> C: nobody held it
[  150.693] A vip6 claiming -> holding: nobody held it
[  150.693] A vip6 holder - -> A: nobody held it
[  150.711] C vip2 holder - -> A: heard from it
[  150.741] A vip1 holder - -> C: heard from it
[  150.741] A vip5 holder - -> C: heard from it
[  150.766] B vip1 holder - -> C: heard from it
[  150.766] B vip5 holder - -> C: heard from it
[  150.793] A vip7 claiming -> holding: nobody held it
[  150.793] A vip7 holder - -> A: nobody held it
[  150.801] A vip0 holder - -> B: heard from it
[  150.845] C vip0 holder - -> B: heard from it
[  150.849] A vip3 holder - -> B: heard from it
[  150.854] C vip3 holder - -> B: heard from it
[  150.859] B vip4 holder - -> A: heard from it
[  150.879] B vip6 holder - -> A: heard from it
[  150.911] C vip4 holder - -> A: heard from it
[  150.930] B vip7 holder - -> A: heard from it
[  150.938] C vip6 holder - -> A: heard from it
[  151.114] C vip7 holder - -> A: heard from it
[ 3150.732] A vip0 standby -> claiming (B): its holder died
[ 3150.832] A vip0 claiming -> holding (B): its holder died
[ 3150.832] A vip0 holder B -> A: its holder died
[ 3150.877] C vip3 standby -> claiming (B): its holder died
[ 3150.977] C vip3 claiming -> holding (B): its holder died
[ 3150.977] C vip3 holder B -> C: its holder died
[ 3151.046] C vip0 holder B -> A: its holder died
[ 3151.280] A vip3 holder B -> C: its holder died
[ 4050.308] B vip1 holder - -> C: heard from it
[ 4050.308] B vip3 holder - -> C: heard from it
[ 4050.308] B vip5 holder - -> C: heard from it
[ 4050.392] B vip0 standby -> claiming: this node is preferred to the holder
[ 4050.392] B vip0 holder - -> A: heard from it
[ 4050.392] B vip2 holder - -> A: heard from it
[ 4050.392] B vip3 standby -> claiming (C): this node is preferred to the holder
[ 4050.392] B vip4 holder - -> A: heard from it
[ 4050.392] B vip6 holder - -> A: heard from it
[ 4050.392] B vip7 holder - -> A: heard from it
[ 4050.719] A vip0 holding -> releasing (B): a preferred node claims it
[ 4050.729] C vip3 holding -> releasing (B): a preferred node claims it
[ 4050.779] A vip0 releasing -> standby (B): a preferred node claims it
[ 4050.789] C vip3 releasing -> standby (B): a preferred node claims it
[ 4051.001] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 4051.001] B vip0 holder A -> B: the holder handed it over
[ 4051.094] C vip0 holder A -> B: the holder handed it over
[ 4051.100] A vip0 holder A -> B: a preferred node claims it
[ 4051.165] B vip3 claiming -> holding (C): this node is preferred to the holder
[ 4051.165] B vip3 holder C -> B: the holder handed it over
[ 4051.343] C vip3 holder C -> B: a preferred node claims it
[ 4051.410] A vip3 holder C -> B: the holder handed it over
[ 7250.908] C vip2 holder A -> -: its holder died
[ 7250.908] C vip4 holder A -> -: its holder died
[ 7250.908] C vip6 holder A -> -: its holder died
[ 7250.908] C vip7 holder A -> -: its holder died
[ 7251.459] C vip0 standby -> claiming (B): its holder died
[ 7251.459] C vip2 standby -> claiming: nobody held it
[ 7251.459] C vip3 standby -> claiming (B): its holder died
[ 7251.459] C vip4 standby -> claiming: nobody held it
[ 7251.459] C vip6 standby -> claiming: nobody held it
[ 7251.459] C vip7 standby -> claiming: nobody held it
[ 7251.559] C vip0 claiming -> holding (B): its holder died
[ 7251.559] C vip0 holder B -> C: its holder died
[ 7251.659] C vip2 claiming -> holding: nobody held it
[ 7251.659] C vip2 holder - -> C: nobody held it
[ 7251.759] C vip3 claiming -> holding (B): its holder died
[ 7251.759] C vip3 holder B -> C: its holder died
[ 7251.859] C vip4 claiming -> holding: nobody held it
[ 7251.859] C vip4 holder - -> C: nobody held it
[ 7251.959] C vip6 claiming -> holding: nobody held it
[ 7251.959] C vip6 holder - -> C: nobody held it
[ 7252.059] C vip7 claiming -> holding: nobody held it
[ 7252.059] C vip7 holder - -> C: nobody held it
= vip0: C
= vip1: C
= vip2: C
= vip3: C
= vip4: C
= vip5: C
= vip6: C
= vip7: C
= two holders for 0.000 ms
