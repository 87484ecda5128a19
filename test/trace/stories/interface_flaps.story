# Two VIPs on two interfaces; on the only standby one interface comes and goes all the time. The
# other VIP is taken over as fast as ever, this one when the interface has come to rest.
nodes 200 100
vips 2
start A B
run 3000
mark
crash A
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
link B down 1
run 75
link B up 1
run 75
gap
holders
run 1000
holders
dual
----
[    0.604] A vip0 standby -> claiming: nobody held it
[    0.604] A vip1 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.804] A vip1 claiming -> holding: nobody held it
[  150.804] A vip1 holder - -> A: nobody held it
[  150.854] B vip0 holder - -> A: heard from it
[  150.854] B vip1 holder - -> A: heard from it
[ 3151.023] B vip0 standby -> claiming (A): its holder died
[ 3151.123] B vip0 claiming -> holding (A): its holder died
[ 3151.123] B vip0 holder A -> B: its holder died
[ 3251.023] B vip1 holder A -> -: its holder died
= no holder for 151.123 ms at most
= vip0: B
= vip1:
[ 5525.000] B vip1 standby -> claiming: nobody held it
[ 5525.100] B vip1 claiming -> holding: nobody held it
[ 5525.100] B vip1 holder - -> B: nobody held it
= vip0: B
= vip1: B
= two holders for 0.000 ms
