# The same at 20 % loss.
nodes 200 150 100
start A B C
run 3000
mark
loss 20
cut A B
run 60000
holders
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[12681.655] B vip0 verified -> unverified (A): asked on the wire who has the address, the holder does not answer
= vip0: A
