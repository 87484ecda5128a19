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
[    0.493] A vip0 claiming -> holding: nobody held it
[    0.493] A vip0 holder - -> A: nobody held it
[    0.642] C vip0 holder - -> A: heard from it
[    0.715] B vip0 holder - -> A: heard from it
[ 3000.189] B vip0 standby -> claiming (A): the holder is not healthy
[ 3000.509] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.569] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.936] B vip0 claiming -> holding (A): the holder is not healthy
[ 3000.936] B vip0 holder A -> B: the holder handed it over
[ 3001.008] C vip0 holder A -> B: the holder handed it over
[ 3001.067] A vip0 holder A -> B: a preferred node claims it
= vip0: B
[ 3500.277] C vip0 standby -> claiming (B): the holder is not healthy
[ 3500.385] B vip0 holding -> releasing (C): a preferred node claims it
[ 3500.445] B vip0 releasing -> standby (C): a preferred node claims it
[ 3500.767] C vip0 claiming -> holding (B): the holder is not healthy
[ 3500.767] C vip0 holder B -> C: the holder handed it over
[ 3500.836] B vip0 holder B -> C: a preferred node claims it
[ 3500.894] A vip0 holder B -> C: the holder handed it over
= vip0: C
[ 4500.000] B vip0 standby -> claiming (C): the holder is not healthy
[ 4500.211] C vip0 holding -> releasing (B): a preferred node claims it
[ 4500.271] C vip0 releasing -> standby (B): a preferred node claims it
[ 4500.554] B vip0 claiming -> holding (C): the holder is not healthy
[ 4500.554] B vip0 holder C -> B: the holder handed it over
[ 4500.605] A vip0 holder C -> B: the holder handed it over
[ 4500.856] C vip0 holder C -> B: a preferred node claims it
= vip0: B
= two holders for 0.000 ms
= no holder for 0.366 ms at most
