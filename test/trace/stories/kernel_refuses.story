# The kernel of the elected node refuses: fault, the next one takes it, another try after ten seconds.
nodes 200 150 100
start A B C
refuse A 1
run 3000
holders
refuse A 0
run 10000
holders
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> fault: the kernel refused the address
[  150.673] B vip0 standby -> claiming: nobody held it
[  300.873] B vip0 claiming -> holding: nobody held it
[  300.873] B vip0 holder - -> B: nobody held it
[  301.059] A vip0 holder - -> B: heard from it
[  301.150] C vip0 holder - -> B: heard from it
= vip0: B
[10150.493] A vip0 fault -> standby: trying again after a fault
[10150.493] A vip0 standby -> claiming (B): this node is preferred to the holder
[10150.763] B vip0 holding -> releasing (A): a preferred node claims it
[10150.823] B vip0 releasing -> standby (A): a preferred node claims it
[10151.075] A vip0 claiming -> holding (B): this node is preferred to the holder
[10151.075] A vip0 holder B -> A: the holder handed it over
[10151.211] C vip0 holder B -> A: the holder handed it over
[10151.254] B vip0 holder B -> A: a preferred node claims it
= vip0: A
