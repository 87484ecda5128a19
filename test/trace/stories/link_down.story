# The interface of the holder goes down: it releases at once; the peers take over when they have missed it.
nodes 200 150 100
start A B C
run 3000
mark
link A down
run 1000
holders
dual
link A up
run 1000
holders
dual
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3000.000] A vip0 holding -> releasing (B): the interface went down
[ 3000.060] A vip0 releasing -> standby (B): the interface went down
[ 3100.060] A vip0 holder A -> -: the interface went down
[ 3150.606] B vip0 standby -> claiming (A): its holder died
[ 3150.706] B vip0 claiming -> holding (A): its holder died
[ 3150.706] B vip0 holder A -> B: its holder died
[ 3151.008] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
[ 4000.237] A vip0 holder - -> B: nobody held it
[ 4000.459] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 4000.606] B vip0 rival A -> -: a node that was not heard has released it to this one
[ 4000.703] B vip0 holding -> releasing (A): a preferred node claims it
[ 4000.763] B vip0 releasing -> standby (A): a preferred node claims it
[ 4000.979] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 4000.979] A vip0 holder B -> A: the holder handed it over
[ 4001.254] B vip0 holder B -> A: a preferred node claims it
[ 4001.309] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
