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
[  200.211] B vip0 standby -> claiming: nobody held it
[  200.311] B vip0 claiming -> holding: nobody held it
[  200.311] B vip0 holder - -> B: nobody held it
[  200.640] C vip0 holder - -> B: heard from it
[ 3000.543] A vip0 holder - -> B: heard from it
= vip0: B
[ 6100.619] A vip0 standby -> claiming (B): its holder died
[ 6100.719] A vip0 claiming -> holding (B): its holder died
[ 6100.719] A vip0 holder B -> A: its holder died
[ 6100.993] C vip0 holder B -> A: its holder died
= vip0: A
