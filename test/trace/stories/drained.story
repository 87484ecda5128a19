# Drained nodes serve last, but they serve.
nodes 200 150
start A B
run 3000
condition A drained
run 500
holders
crash B
run 1000
holders
----
[    0.434] A vip0 standby -> claiming: nobody held it
[    0.534] A vip0 claiming -> holding: nobody held it
[    0.534] A vip0 holder - -> A: nobody held it
[    0.784] B vip0 holder - -> A: heard from it
[ 3000.142] B vip0 standby -> claiming (A): this node is preferred to the holder
[ 3000.452] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.512] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.879] B vip0 claiming -> holding (A): this node is preferred to the holder
[ 3000.879] B vip0 holder A -> B: the holder handed it over
[ 3000.982] A vip0 holder A -> B: a preferred node claims it
= vip0: B
[ 3601.162] A vip0 standby -> claiming (B): its holder died
[ 3601.262] A vip0 claiming -> holding (B): its holder died
[ 3601.262] A vip0 holder B -> A: its holder died
= vip0: A
