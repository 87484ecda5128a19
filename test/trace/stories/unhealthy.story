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
[ 3000.425] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.485] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.716] B vip0 claiming -> holding (A): the holder is not healthy
[ 3000.716] B vip0 holder A -> B: the holder handed it over
[ 3000.790] A vip0 holder A -> B: a preferred node claims it
[ 3000.938] C vip0 holder A -> B: the holder handed it over
= vip0: B
[ 3500.075] C vip0 standby -> claiming (B): the holder is not healthy
[ 3500.395] B vip0 holding -> releasing (C): a preferred node claims it
[ 3500.455] B vip0 releasing -> standby (C): a preferred node claims it
[ 3500.814] C vip0 claiming -> holding (B): the holder is not healthy
[ 3500.814] C vip0 holder B -> C: the holder handed it over
[ 3500.986] B vip0 holder B -> C: a preferred node claims it
[ 3501.115] A vip0 holder B -> C: the holder handed it over
= vip0: C
[ 4500.000] B vip0 standby -> claiming (C): the holder is not healthy
[ 4500.114] C vip0 holding -> releasing (B): a preferred node claims it
[ 4500.174] C vip0 releasing -> standby (B): a preferred node claims it
[ 4500.296] A vip0 standby -> claiming (C): the holder handed it over
[ 4500.313] A vip0 claiming -> standby: another node is elected
[ 4500.400] B vip0 claiming -> holding (C): the holder is not healthy
[ 4500.400] B vip0 holder C -> B: the holder handed it over
[ 4500.497] C vip0 holder C -> B: a preferred node claims it
[ 4500.681] A vip0 holder C -> B: the holder handed it over
= vip0: B
= two holders for 0.000 ms
= no holder for 0.359 ms at most
