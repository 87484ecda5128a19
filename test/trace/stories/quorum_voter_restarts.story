# Mode quorum, two nodes: the other voter is started anew. Its host knows for how long it may have voted; a
# host that was booted does not, and its daemon abstains for 10 s.
nodes 200 150 100
mode quorum
start A B C
run 12000
mark
kill B
run 500
start B
run 500
say the holder dies while B abstains no more
crash A
run 1500
holders
dual
say now the host of C is booted, and A with it
crash C
start C
start A
run 3000
holders
run 8000
holders
dual
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> holding: nobody held it
[10000.826] A vip0 holder - -> A: nobody held it
[10000.886] C vip0 holder - -> A: heard from it
[10000.982] B vip0 holder - -> A: heard from it
[12500.612] B vip0 holder - -> A: heard from it
# the holder dies while B abstains no more
[13101.093] B vip0 standby -> claiming (A): its holder died
[13301.749] B vip0 claiming -> holding (A): its holder died
[13301.749] B vip0 holder A -> B: its holder died
[13302.017] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
# now the host of C is booted, and A with it
[14500.189] A vip0 holder - -> B: heard from it
[14500.377] C vip0 holder - -> B: heard from it
[14500.706] A vip0 standby -> claiming (B): this node is preferred to the holder
[14500.777] B vip0 holding -> releasing (A): a preferred node claims it
[14500.837] B vip0 releasing -> standby (A): a preferred node claims it
[15100.886] B vip0 standby -> claiming: the node that it was released to did not take it
= vip0:
[24500.806] A vip0 claiming -> holding (B): this node is preferred to the holder
[24500.806] A vip0 holder B -> A: the holder handed it over
[24501.083] C vip0 holder B -> A: the holder handed it over
[24501.109] B vip0 holder B -> A: the node that it was released to did not take it
[25100.886] B vip0 claiming -> standby: another node is elected
= vip0: A
= two holders for 0.000 ms
