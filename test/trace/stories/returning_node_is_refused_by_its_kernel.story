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
[  200.211] B vip0 standby -> claiming: nobody held it
[  200.311] B vip0 claiming -> holding: nobody held it
[  200.311] B vip0 holder - -> B: nobody held it
[  200.640] C vip0 holder - -> B: heard from it
[ 3000.543] A vip0 standby -> claiming: this node is preferred to the holder
[ 3000.543] A vip0 holder - -> B: heard from it
[ 3000.657] B vip0 holding -> releasing (A): a preferred node claims it
[ 3000.717] B vip0 releasing -> standby (A): a preferred node claims it
[ 3001.055] A vip0 claiming -> fault: the kernel refused the address
[ 3001.154] B vip0 standby -> claiming: nobody held it
[ 3001.254] B vip0 claiming -> holding: nobody held it
= vip0: B
= no holder for 0.537 ms at most
