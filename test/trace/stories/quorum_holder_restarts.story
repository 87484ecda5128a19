# Mode quorum: the daemon of the holder is started anew at once. What its former incarnation was promised has
# to run out: that one could still run, on a machine that was cloned.
nodes 200 150 100
mode quorum
start A B C
run 12000
mark
kill A
start A
run 2000
holders
dual
gap
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> holding: nobody held it
[10000.826] A vip0 holder - -> A: nobody held it
[10000.886] C vip0 holder - -> A: heard from it
[10000.982] B vip0 holder - -> A: heard from it
[12000.592] A vip0 standby -> claiming: nobody held it
[12313.602] A vip0 claiming -> holding: nobody held it
[12313.602] A vip0 holder - -> A: nobody held it
= vip0: A
= two holders for 0.000 ms
= no holder for 313.602 ms at most
