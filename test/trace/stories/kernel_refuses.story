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
[    0.493] A vip0 claiming -> fault: the kernel refused the address
[    0.715] B vip0 standby -> claiming: nobody held it
[    0.971] B vip0 claiming -> holding: nobody held it
[    0.971] B vip0 holder - -> B: nobody held it
[    1.128] C vip0 holder - -> B: heard from it
[    1.293] A vip0 holder - -> B: heard from it
= vip0: B
[10000.493] A vip0 fault -> standby: trying again after a fault
[10000.493] A vip0 standby -> claiming (B): this node is preferred to the holder
[10000.582] B vip0 holding -> releasing (A): a preferred node claims it
[10000.642] B vip0 releasing -> standby (A): a preferred node claims it
[10001.031] A vip0 claiming -> holding (B): this node is preferred to the holder
[10001.031] A vip0 holder B -> A: the holder handed it over
[10001.302] C vip0 holder B -> A: the holder handed it over
[10001.371] B vip0 holder B -> A: a preferred node claims it
= vip0: A
