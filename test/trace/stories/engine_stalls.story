# The holder's engine is not run for 500 ms: its keeper removes the address when the others take over.
nodes 200 150 100
start A B C
run 3000
mark
stall A 500
run 400
holders
dual
run 1000
holders
dual
----
[    0.393] A vip0 standby -> claiming: nobody held it
[    0.493] A vip0 claiming -> holding: nobody held it
[    0.493] A vip0 holder - -> A: nobody held it
[    0.642] C vip0 holder - -> A: heard from it
[    0.715] B vip0 holder - -> A: heard from it
[ 3100.594] B vip0 standby -> claiming (A): its holder died
[ 3100.694] B vip0 claiming -> holding (A): its holder died
[ 3100.694] B vip0 holder A -> B: its holder died
[ 3101.039] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
[ 3500.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[ 3500.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[ 3500.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[ 3500.429] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 3500.744] B vip0 holding -> releasing (A): a preferred node claims it
[ 3500.804] B vip0 releasing -> standby (A): a preferred node claims it
[ 3501.037] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 3501.037] A vip0 holder B -> A: the holder handed it over
[ 3501.090] C vip0 holder B -> A: the holder handed it over
[ 3501.349] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
