# preempt = no: the preferred node returns and waits; it is the next one.
nodes 200 150 100
preempt off
start B C
run 3000
start A
run 3000
holders
crash B
run 1000
holders
----
[  200.127] B vip0 standby -> claiming: nobody held it
[  200.227] B vip0 claiming -> holding: nobody held it
[  200.227] B vip0 holder - -> B: nobody held it
[  200.349] C vip0 holder - -> B: heard from it
[ 3000.330] A vip0 holder - -> B: heard from it
= vip0: B
[ 6100.406] A vip0 standby -> claiming (B): its holder died
[ 6100.506] A vip0 claiming -> holding (B): its holder died
[ 6100.506] A vip0 holder B -> A: its holder died
[ 6100.559] C vip0 holder B -> A: its holder died
= vip0: A
