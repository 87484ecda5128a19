# A holder that is not healthy hands over; when all are unhealthy, it stays where it is.
nodes 200 150 100
start A B C
run 3000
mark
condition A unhealthy
run 500
holders
condition B unhealthy
run 500
condition C unhealthy
run 500
holders
condition B healthy
run 500
holders
dual
gap
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3000.067] B vip0 standby -> claiming (A): the holder is not healthy
[ 3000.286] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.346] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.650] B vip0 claiming -> holding (A): the holder is not healthy
[ 3000.650] B vip0 holder A -> B: the holder handed it over
[ 3000.722] A vip0 holder A -> B: a preferred node claims it
[ 3000.775] C vip0 holder A -> B: the holder handed it over
= vip0: B
[ 3500.077] C vip0 standby -> claiming (B): the holder is not healthy
[ 3500.236] B vip0 holding -> releasing (C): a preferred node claims it
[ 3500.296] B vip0 releasing -> standby (C): a preferred node claims it
[ 3500.717] C vip0 claiming -> holding (B): the holder is not healthy
[ 3500.717] C vip0 holder B -> C: the holder handed it over
[ 3500.822] A vip0 holder B -> C: the holder handed it over
[ 3501.010] B vip0 holder B -> C: a preferred node claims it
= vip0: C
[ 4500.000] B vip0 standby -> claiming (C): the holder is not healthy
[ 4500.051] C vip0 holding -> releasing (B): a preferred node claims it
[ 4500.111] C vip0 releasing -> standby (B): a preferred node claims it
[ 4500.538] B vip0 claiming -> holding (C): the holder is not healthy
[ 4500.538] B vip0 holder C -> B: the holder handed it over
[ 4500.711] C vip0 holder C -> B: a preferred node claims it
[ 4500.738] A vip0 holder C -> B: the holder handed it over
= vip0: B
= two holders for 0.000 ms
= no holder for 0.427 ms at most
