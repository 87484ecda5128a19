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
[  350.227] B vip0 claiming -> holding: nobody held it
[  350.227] B vip0 holder - -> B: nobody held it
[  350.361] C vip0 holder - -> B: heard from it
[ 3000.330] A vip0 holder - -> B: heard from it
= vip0: B
[ 6150.525] A vip0 standby -> claiming (B): its holder died
[ 6150.625] A vip0 claiming -> holding (B): its holder died
[ 6150.625] A vip0 holder B -> A: its holder died
[ 6150.684] C vip0 holder B -> A: its holder died
= vip0: A
