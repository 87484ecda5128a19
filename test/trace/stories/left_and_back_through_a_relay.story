# The best stops in order; when it starts again only C hears it. Who saw it leave must hear of it through C.
nodes 200 150 100
start A B C
run 3000
stop A
run 3000
cut A > B
start A
run 5000
holders
mark
run 20000
dual
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3000.000] A vip0 holding -> releasing (B): this node stops in order
[ 3000.060] A vip0 releasing -> standby (B): this node stops in order
[ 3000.067] B vip0 standby -> claiming (A): the holder handed it over
[ 3000.379] B vip0 claiming -> holding (A): the holder handed it over
[ 3000.379] B vip0 holder A -> B: its holder stopped in order
[ 3000.452] C vip0 holder A -> B: its holder stopped in order
[ 3000.511] A vip0 holder A -> B: this node stops in order
[ 3015.060] A stopped
[ 6007.716] A vip0 standby -> claiming: this node is preferred to the holder
[ 6007.716] A vip0 holder - -> B: heard from it
[ 6008.109] B vip0 holding -> releasing (A): a preferred node claims it
[ 6008.169] B vip0 releasing -> standby (A): a preferred node claims it
[ 6008.582] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 6008.582] A vip0 holder B -> A: the holder handed it over
[ 6008.802] C vip0 holder B -> A: the holder handed it over
[ 6009.061] B vip0 holder B -> A: a preferred node claims it
[10805.845] B vip0 unknown -> unverified (A): asked on the wire who has the address, the holder does not answer
= vip0: A
= two holders for 0.000 ms
