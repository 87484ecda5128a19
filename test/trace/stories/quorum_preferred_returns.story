# Mode quorum: the preferred node returns. The holder gives it its vote with the release.
nodes 200 150 100
mode quorum
start B C
run 13000
mark
start A
run 1000
holders
dual
gap
----
[  200.127] B vip0 standby -> claiming: nobody held it
[10000.502] B vip0 claiming -> holding: nobody held it
[10000.502] B vip0 holder - -> B: nobody held it
[10000.681] C vip0 holder - -> B: heard from it
[13000.212] A vip0 holder - -> B: heard from it
[13000.900] A vip0 standby -> claiming (B): this node is preferred to the holder
[13001.009] B vip0 holding -> releasing (A): a preferred node claims it
[13001.069] B vip0 releasing -> standby (A): a preferred node claims it
[13001.514] A vip0 claiming -> holding (B): this node is preferred to the holder
[13001.514] A vip0 holder B -> A: the holder handed it over
[13001.587] B vip0 holder B -> A: a preferred node claims it
[13001.797] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
= no holder for 0.445 ms at most
