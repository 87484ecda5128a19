# Node after node is reloaded with another order of preference: the holder stays while nothing changes for it, the
# newly preferred node takes over as one that returns, and nobody loses sight of anybody.
nodes 200 150 100
members
start A B C
run 3000
mark
say the same again, everywhere
reload A
reload B
reload C
run 1000
say C is to be preferred
priority C 250
reload C
run 1000
say and then not to be the last of them
priority C 170
reload C
run 1000
holders
dual
gap
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
# the same again, everywhere
# C is to be preferred
[ 4000.000] C vip0 standby -> claiming (A): this node is preferred to the holder
[ 4000.068] A vip0 holding -> releasing (C): a preferred node claims it
[ 4000.128] A vip0 releasing -> standby (C): a preferred node claims it
[ 4000.487] C vip0 claiming -> holding (A): this node is preferred to the holder
[ 4000.487] C vip0 holder A -> C: the holder handed it over
[ 4000.783] A vip0 holder A -> C: a preferred node claims it
[ 4000.787] B vip0 holder A -> C: the holder handed it over
# and then not to be the last of them
[ 5000.170] A vip0 standby -> claiming (C): this node is preferred to the holder
[ 5000.352] C vip0 holding -> releasing (A): a preferred node claims it
[ 5000.412] C vip0 releasing -> standby (A): a preferred node claims it
[ 5000.750] A vip0 claiming -> holding (C): this node is preferred to the holder
[ 5000.750] A vip0 holder C -> A: the holder handed it over
[ 5000.847] B vip0 holder C -> A: the holder handed it over
[ 5000.867] C vip0 holder C -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
= no holder for 0.359 ms at most
