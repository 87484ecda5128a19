# The preferred node returns: it asks the holder, the holder releases, no gap that anybody notices.
nodes 200 150 100
start B C
run 3000
mark
start A
run 1000
holders
dual
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
[ 3000.920] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 3000.920] A vip0 holder B -> A: the holder handed it over
[ 3001.064] B vip0 holder B -> A: a preferred node claims it
[ 3001.257] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
= no holder for 0.171 ms at most
