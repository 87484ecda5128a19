# Mode quorum under 20 % loss: the holder asks again where no majority has answered, and keeps its lease.
nodes 200 150 100
mode quorum
start A B C
run 12000
loss 20
mark
run 60000
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
= vip0: A
= two holders for 0.000 ms
= no holder for 0.000 ms at most
