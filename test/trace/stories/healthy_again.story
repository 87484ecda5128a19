# Both are unfit, and the lower holds it. The other is healthy again: it claims at that very moment, not with its next beat.
nodes 200 150
start A B
run 3000
condition A unhealthy
run 100
condition B unhealthy
run 3000
holders
mark
say A is healthy again
condition A healthy
run 100
holders
gap
----
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
[ 3000.240] B vip0 standby -> claiming (A): the holder is not healthy
[ 3000.459] A vip0 holding -> releasing (B): a preferred node claims it
[ 3000.519] A vip0 releasing -> standby (B): a preferred node claims it
[ 3000.938] B vip0 claiming -> holding (A): the holder is not healthy
[ 3000.938] B vip0 holder A -> B: the holder handed it over
[ 3001.191] A vip0 holder A -> B: a preferred node claims it
= vip0: B
# A is healthy again
[ 6100.000] A vip0 standby -> claiming (B): the holder is not healthy
[ 6100.292] B vip0 holding -> releasing (A): a preferred node claims it
[ 6100.352] B vip0 releasing -> standby (A): a preferred node claims it
[ 6100.702] A vip0 claiming -> holding (B): the holder is not healthy
[ 6100.702] A vip0 holder B -> A: the holder handed it over
[ 6100.838] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= no holder for 0.349 ms at most
