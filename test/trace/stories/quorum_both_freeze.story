# Mode quorum with a lease of kernel_lease + 1 s: engine and keeper of the holder are frozen together, and
# the kernel has forgotten the address before anybody else has the votes.
nodes 200 150 100
mode quorum
lease 3000
start A B C
run 12000
mark
freeze A 8000
run 7000
holders
dual
gap
run 6000
holders
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> holding: nobody held it
[10000.826] A vip0 holder - -> A: nobody held it
[10000.886] C vip0 holder - -> A: heard from it
[10000.982] B vip0 holder - -> A: heard from it
[12101.057] B vip0 standby -> claiming (A): its holder died
[14901.446] B vip0 claiming -> holding (A): its holder died
[14901.446] B vip0 holder A -> B: its holder died
[14901.560] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 2901.446 ms at most
[20000.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[20000.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[20000.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[20000.061] B vip0 holder B -> A: its holder died
[20000.154] B vip0 holder A -> B: the holder handed it over
[20000.460] A vip0 standby -> claiming (B): this node is preferred to the holder
[20000.804] B vip0 holding -> releasing (A): a preferred node claims it
[20000.864] B vip0 releasing -> standby (A): a preferred node claims it
[20001.191] A vip0 claiming -> holding (B): this node is preferred to the holder
[20001.191] A vip0 holder B -> A: the holder handed it over
[20001.361] C vip0 holder B -> A: the holder handed it over
[20001.506] B vip0 holder B -> A: a preferred node claims it
= vip0: A
