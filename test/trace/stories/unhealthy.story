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
[    0.454] A vip0 standby -> claiming: nobody held it
[    0.554] A vip0 claiming -> holding: nobody held it
[    0.554] A vip0 holder - -> A: nobody held it
[    0.783] C vip0 holder - -> A: heard from it
[    0.877] B vip0 holder - -> A: heard from it
[ 3000.183] B vip0 standby -> claiming (A): this node is preferred to the holder
[ 3000.352] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.412] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.639] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 3000.639] B vip0 holder A -> B: the holder handed it over
[ 3000.736] C vip0 holder A -> B: the holder handed it over
[ 3000.877] A vip0 holder A -> B: a preferred node claims it
= vip0: B
[ 3500.177] C vip0 standby -> claiming (B): this node is preferred to the holder
[ 3500.491] B vip0 holding -> releasing (C): a preferred node claims it
[ 3500.551] B vip0 releasing -> standby (C): a preferred node claims it
[ 3500.725] C vip0 claiming -> holding (B): this node is preferred to the holder
[ 3500.725] C vip0 holder B -> C: the holder handed it over
[ 3500.910] B vip0 holder B -> C: a preferred node claims it
[ 3500.983] A vip0 holder B -> C: the holder handed it over
= vip0: C
= vip0: C
= two holders for 0.000 ms
= no holder for 0.227 ms at most
