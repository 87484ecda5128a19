# The preferred node is given the VIP and cannot add it: it says so, and the old holder takes it back at once.
nodes 200 150 100
start B C
run 3000

start A
refuse A 1
mark
run 1000
holders
gap
----
[  200.127] B vip0 standby -> claiming: nobody held it
[  350.227] B vip0 claiming -> holding: nobody held it
[  350.227] B vip0 holder - -> B: nobody held it
[  350.361] C vip0 holder - -> B: heard from it
[ 3000.330] A vip0 holder - -> B: heard from it
[ 3000.395] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 3000.689] B vip0 holding -> releasing (A): a preferred node claims it
[ 3000.749] B vip0 releasing -> standby (A): a preferred node claims it
[ 3000.920] A vip0 claiming -> fault: the kernel refused the address
[ 3001.037] B vip0 standby -> claiming: nobody held it
[ 3001.137] B vip0 claiming -> holding: nobody held it
= vip0: B
= no holder for 0.389 ms at most
