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
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
[ 3000.240] B vip0 standby -> claiming (A): the holder is drained
[ 3000.459] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.519] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.938] B vip0 claiming -> holding (A): the holder is drained
[ 3000.938] B vip0 holder A -> B: the holder handed it over
[ 3001.191] A vip0 holder A -> B: a preferred node claims it
= vip0: B
[ 3601.124] A vip0 standby -> claiming (B): its holder died
[ 3601.224] A vip0 claiming -> holding (B): its holder died
[ 3601.224] A vip0 holder B -> A: its holder died
= vip0: A
