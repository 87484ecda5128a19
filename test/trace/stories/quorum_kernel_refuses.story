# Mode quorum, a long lease: the kernel of the elected node refuses. Its fault gives the votes back at once; nobody waits for the end of the lease.
nodes 200 150 100
mode quorum
lease 10000
start A B C
refuse A 1
run 20000
mark
gap
holders
dual
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> fault: the kernel refused the address
[10000.982] B vip0 standby -> claiming: nobody held it
[10151.082] B vip0 claiming -> holding: nobody held it
[10151.082] B vip0 holder - -> B: nobody held it
[10151.313] A vip0 holder - -> B: heard from it
[10151.387] C vip0 holder - -> B: heard from it
= no holder for 0.000 ms at most
= vip0: B
= two holders for 0.000 ms
