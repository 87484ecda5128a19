# Engine and keeper are frozen: the address stays until they wake; the keeper removes it first of all.
nodes 200 150 100
start A B C
run 3000
mark
freeze A 1000
run 3000
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
[ 3150.908] C vip0 holder A -> B: its holder died
[ 4000.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[ 4000.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[ 4000.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[ 4000.633] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 4000.816] B vip0 holding -> releasing (A): a preferred node claims it
[ 4000.876] B vip0 releasing -> standby (A): a preferred node claims it
[ 4001.036] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 4001.036] A vip0 holder B -> A: the holder handed it over
[ 4001.202] C vip0 holder B -> A: the holder handed it over
[ 4001.221] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
