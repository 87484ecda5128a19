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
[    0.438] A vip0 standby -> claiming: nobody held it
[    0.538] A vip0 claiming -> holding: nobody held it
[    0.538] A vip0 holder - -> A: nobody held it
[    0.776] C vip0 holder - -> A: heard from it
[    0.776] B vip0 holder - -> A: heard from it
[ 3000.304] B vip0 standby -> claiming (A): this node is preferred to the holder
[ 3000.410] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.470] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.759] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 3000.759] B vip0 holder A -> B: the holder handed it over
[ 3000.879] C vip0 holder A -> B: the holder handed it over
[ 3001.080] A vip0 holder A -> B: a preferred node claims it
= vip0: B
[ 3500.190] C vip0 standby -> claiming (B): this node is preferred to the holder
[ 3500.408] B vip0 holding -> releasing (C): a preferred node claims it
[ 3500.468] B vip0 releasing -> standby (C): a preferred node claims it
[ 3500.845] C vip0 claiming -> holding (B): this node is preferred to the holder
[ 3500.845] C vip0 holder B -> C: the holder handed it over
[ 3500.921] A vip0 holder B -> C: the holder handed it over
[ 3500.953] B vip0 holder B -> C: a preferred node claims it
= vip0: C
[ 4500.000] B vip0 standby -> claiming (C): this node is preferred to the holder
[ 4500.145] C vip0 holding -> releasing (B): a preferred node claims it
[ 4500.205] C vip0 releasing -> standby (B): a preferred node claims it
[ 4500.262] A vip0 standby -> claiming (C): nobody held it
[ 4500.362] A vip0 claiming -> holding (C): nobody held it
[ 4500.362] A vip0 holding -> releasing (B): a preferred node claims it
[ 4500.362] A vip0 holder C -> A: the holder handed it over
[ 4500.393] B vip0 claiming -> holding (C): this node is preferred to the holder
[ 4500.393] B vip0 holder C -> B: the holder handed it over
[ 4500.422] A vip0 releasing -> standby (B): a preferred node claims it
[ 4500.499] A vip0 holder A -> B: a preferred node claims it
[ 4500.575] C vip0 holder C -> B: a preferred node claims it
= vip0: B
= two holders for 0.030 ms
= no holder for 0.377 ms at most
