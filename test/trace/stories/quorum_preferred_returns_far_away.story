# Mode quorum, and 20 ms to each other node: the preferred node returns. Its claim, the
# release with the holder's vote, the voters' answers: one and a half round trips, and the VIP is
# served by nobody for one of them.
nodes 200 150 100
mode quorum
start B C
delay 20
run 13000
mark
start A
run 1000
holders
dual
gap
----
[  220.000] B vip0 standby -> claiming: nobody held it
[10060.100] B vip0 claiming -> holding: nobody held it
[10060.100] B vip0 holder - -> B: nobody held it
[10080.100] C vip0 holder - -> B: heard from it
[13040.000] A vip0 holder - -> B: heard from it
[13080.000] A vip0 standby -> claiming (B): this node is preferred to the holder
[13100.000] B vip0 holding -> releasing (A): a preferred node claims it
[13100.060] B vip0 releasing -> standby (A): a preferred node claims it
[13140.160] A vip0 claiming -> holding (B): this node is preferred to the holder
[13140.160] A vip0 holder B -> A: the holder handed it over
[13160.160] B vip0 holder B -> A: a preferred node claims it
[13160.160] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
= no holder for 40.100 ms at most
