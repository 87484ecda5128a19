# Mode quorum: the holder's engine is stalled for longer than the lease. Its keeper removes the address
# at the deadline; only then another one has the votes.
nodes 200 150 100
mode quorum
start A B C
run 12000
mark
stall A 1500
run 4000
holders
dual
gap
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.889] A vip0 claiming -> holding: nobody held it
[10000.889] A vip0 holder - -> A: nobody held it
[10000.999] C vip0 holder - -> A: heard from it
[10001.165] B vip0 holder - -> A: heard from it
[12100.986] B vip0 standby -> claiming (A): its holder died
[12301.657] B vip0 claiming -> holding (A): its holder died
[12301.657] B vip0 holder A -> B: its holder died
[12301.737] C vip0 holder A -> B: its holder died
[13500.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[13500.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[13500.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[13500.066] B vip0 holder B -> A: its holder died
[13500.150] B vip0 holder A -> B: the holder handed it over
[13500.362] A vip0 standby -> claiming (B): this node is preferred to the holder
[13500.598] B vip0 holding -> releasing (A): a preferred node claims it
[13500.658] B vip0 releasing -> standby (A): a preferred node claims it
[13500.809] A vip0 claiming -> holding (B): this node is preferred to the holder
[13500.809] A vip0 holder B -> A: the holder handed it over
[13500.888] C vip0 holder B -> A: the holder handed it over
[13501.110] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
= no holder for 69.573 ms at most
