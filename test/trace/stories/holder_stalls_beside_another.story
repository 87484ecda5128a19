# A dies; B, who is asked with it as its standby, has a VIP of its own and is stalled just then.
# B's keeper keeps that for one detection after B's last heartbeat: so long C has to wait.
nodes 100 100 100
vips 3
start A B C
run 3000
mark
crash A
run 115
stall B 500
run 400
holders
dual
run 1000
holders
dual
----
[    0.393] A vip2 standby -> claiming: nobody held it
[    0.396] B vip0 standby -> claiming: nobody held it
[    0.457] C vip1 standby -> claiming: nobody held it
[    0.493] A vip2 claiming -> holding: nobody held it
[    0.493] A vip2 holder - -> A: nobody held it
[    0.496] B vip0 claiming -> holding: nobody held it
[    0.496] B vip0 holder - -> B: nobody held it
[    0.557] C vip1 claiming -> holding: nobody held it
[    0.557] C vip1 holder - -> C: nobody held it
[    0.621] B vip2 holder - -> A: heard from it
[    0.643] A vip1 holder - -> C: heard from it
[    0.681] C vip0 holder - -> B: heard from it
[    0.732] C vip2 holder - -> A: heard from it
[    0.786] B vip1 holder - -> C: heard from it
[    0.796] A vip0 holder - -> B: heard from it
[ 3100.752] B vip2 standby -> claiming (A): its holder died
[ 3100.852] B vip2 claiming -> holding (A): its holder died
[ 3100.852] B vip2 holder A -> B: its holder died
[ 3101.169] C vip2 holder A -> B: its holder died
[ 3301.169] C vip0 standby -> claiming (B): its holder died
[ 3301.169] C vip2 standby -> claiming (B): its holder died
[ 3301.269] C vip0 claiming -> holding (B): its holder died
[ 3301.269] C vip0 holder B -> C: its holder died
[ 3301.369] C vip2 claiming -> holding (B): its holder died
[ 3301.369] C vip2 holder B -> C: its holder died
= vip0: C
= vip1: C
= vip2: C
= two holders for 0.000 ms
[ 3615.000] B vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[ 3615.000] B vip2 holding -> releasing: this node missed its own deadline and the keeper removed the address
[ 3615.060] B vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[ 3615.060] B vip0 holder B -> C: this node missed its own deadline and the keeper removed the address
[ 3615.120] B vip2 releasing -> standby: this node missed its own deadline and the keeper removed the address
[ 3615.120] B vip2 holder B -> C: this node missed its own deadline and the keeper removed the address
[ 3815.000] B vip0 standby -> claiming (C): this node is preferred to the holder
[ 3815.000] B vip2 standby -> claiming (C): this node is preferred to the holder
[ 3815.073] C vip0 holding -> releasing (B): a preferred node claims it
[ 3815.073] C vip2 holding -> releasing (B): a preferred node claims it
[ 3815.133] C vip0 releasing -> standby (B): a preferred node claims it
[ 3815.193] C vip2 releasing -> standby (B): a preferred node claims it
[ 3815.324] B vip0 claiming -> holding (C): this node is preferred to the holder
[ 3815.324] B vip0 holder C -> B: the holder handed it over
[ 3815.424] C vip0 holder C -> B: a preferred node claims it
[ 3815.424] B vip2 claiming -> holding (C): this node is preferred to the holder
[ 3815.424] B vip2 holder C -> B: the holder handed it over
[ 3815.687] C vip2 holder C -> B: a preferred node claims it
= vip0: B
= vip1: C
= vip2: B
= two holders for 0.000 ms
