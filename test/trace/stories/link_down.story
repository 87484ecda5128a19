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
[    0.493] A vip0 claiming -> holding: nobody held it
[    0.493] A vip0 holder - -> A: nobody held it
[    0.642] C vip0 holder - -> A: heard from it
[    0.715] B vip0 holder - -> A: heard from it
[ 3000.000] A vip0 holding -> releasing (B): the interface went down
[ 3000.060] A vip0 releasing -> standby (B): the interface went down
[ 3100.060] A vip0 holder A -> -: the interface went down
[ 3100.594] B vip0 standby -> claiming (A): its holder died
[ 3100.694] B vip0 claiming -> holding (A): its holder died
[ 3100.694] B vip0 holder A -> B: its holder died
[ 3101.039] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
[ 4000.453] B vip0 rival A -> -: a node that was not heard has released it to this one
[ 4000.515] A vip0 standby -> claiming: this node is preferred to the holder
[ 4000.515] A vip0 holder - -> B: nobody held it
[ 4000.803] B vip0 holding -> releasing (A): a preferred node claims it
[ 4000.863] B vip0 releasing -> standby (A): a preferred node claims it
[ 4001.306] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 4001.306] A vip0 holder B -> A: the holder handed it over
[ 4001.425] B vip0 holder B -> A: a preferred node claims it
[ 4001.477] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
