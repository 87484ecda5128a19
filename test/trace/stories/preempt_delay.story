# preempt_delay: the preferred node returns and takes it two seconds later; if the holder dies before, at once.
nodes 200 150 100
preempt_delay 2000
start B C
run 3000
start A
run 1500
holders
run 1500
holders
say and once more with the holder dying meanwhile
crash A
run 3000
start A
run 500
crash B
run 500
holders
----
[  200.127] B vip0 standby -> claiming: nobody held it
[  350.227] B vip0 claiming -> holding: nobody held it
[  350.227] B vip0 holder - -> B: nobody held it
[  350.361] C vip0 holder - -> B: heard from it
[ 3000.335] A vip0 holder - -> B: heard from it
= vip0: B
[ 5000.428] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 5000.730] B vip0 holding -> releasing (A): a preferred node claims it
[ 5000.790] B vip0 releasing -> standby (A): a preferred node claims it
[ 5001.153] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 5001.153] A vip0 holder B -> A: the holder handed it over
[ 5001.326] B vip0 holder B -> A: a preferred node claims it
[ 5001.413] C vip0 holder B -> A: the holder handed it over
= vip0: A
# and once more with the holder dying meanwhile
[ 6101.435] B vip0 standby -> claiming (A): its holder died
[ 6101.535] B vip0 claiming -> holding (A): its holder died
[ 6101.535] B vip0 holder A -> B: its holder died
[ 6101.701] C vip0 holder A -> B: its holder died
[ 9000.307] A vip0 holder - -> B: heard from it
[ 9601.874] A vip0 standby -> claiming (B): its holder died
[ 9601.974] A vip0 claiming -> holding (B): its holder died
[ 9601.974] A vip0 holder B -> A: its holder died
[ 9602.212] C vip0 holder B -> A: its holder died
= vip0: A
