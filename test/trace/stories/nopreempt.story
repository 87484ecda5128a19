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
[  200.430] C vip0 holder - -> B: heard from it
[ 3000.485] A vip0 holder - -> B: heard from it
= vip0: B
[ 6100.411] A vip0 standby -> claiming (B): its holder died
[ 6100.511] A vip0 claiming -> holding (B): its holder died
[ 6100.511] A vip0 holder B -> A: its holder died
[ 6100.829] C vip0 holder B -> A: its holder died
= vip0: A
