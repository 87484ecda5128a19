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
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3150.606] B vip0 standby -> claiming (A): its holder died
[ 3150.706] B vip0 claiming -> holding (A): its holder died
[ 3150.706] B vip0 holder A -> B: its holder died
[ 3151.008] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
[ 3500.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[ 3500.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[ 3500.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[ 3500.354] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 3500.677] B vip0 holding -> releasing (A): a preferred node claims it
[ 3500.737] B vip0 releasing -> standby (A): a preferred node claims it
[ 3500.890] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 3500.890] A vip0 holder B -> A: the holder handed it over
[ 3501.030] B vip0 holder B -> A: a preferred node claims it
[ 3501.072] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
