# Another program removes the address: it is put back at once and announced.
nodes 200 150
start A B
run 3000
mark
delete A
run 100
holders
gap
----
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
[ 3000.000] A vip0 holding -> holding: another program removed the address; put back
= vip0: A
= no holder for 0.100 ms at most
