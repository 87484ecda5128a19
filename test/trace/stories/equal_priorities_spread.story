# Eight VIPs, equal priorities: they spread; a death moves only those of the dead node.
nodes 100 100 100
vips 8
start A B C
run 3000
holders
crash A
run 1000
holders
----
[    0.396] B vip0 standby -> claiming: nobody held it
[    0.396] B vip3 standby -> claiming: nobody held it
[    0.438] A vip2 standby -> claiming: nobody held it
[    0.438] A vip4 standby -> claiming: nobody held it
[    0.438] A vip6 standby -> claiming: nobody held it
[    0.438] A vip7 standby -> claiming: nobody held it
[    0.457] C vip1 standby -> claiming: nobody held it
[    0.457] C vip5 standby -> claiming: nobody held it
[    0.496] B vip0 claiming -> holding: nobody held it
[    0.496] B vip0 holder - -> B: nobody held it
[    0.538] A vip2 claiming -> holding: nobody held it
[    0.538] A vip2 holder - -> A: nobody held it
[    0.557] C vip1 claiming -> holding: nobody held it
[    0.557] C vip1 holder - -> C: nobody held it
[    0.596] B vip3 claiming -> holding: nobody held it
[    0.596] B vip3 holder - -> B: nobody held it
[    0.638] A vip4 claiming -> holding: nobody held it
[    0.638] A vip4 holder - -> A: nobody held it
[    0.645] C vip0 holder - -> B: heard from it
[    0.657] C vip5 claiming -> holding: nobody held it
[    0.657] C vip5 holder - -> C: nobody held it
[    0.677] B vip1 holder - -> C: heard from it
[    0.682] A vip0 holder - -> B: heard from it
[    0.682] A vip3 holder - -> B: heard from it
[    0.697] C vip2 holder - -> A: heard from it
[    0.697] C vip4 holder - -> A: heard from it
[    0.714] B vip2 holder - -> A: heard from it
[    0.714] B vip4 holder - -> A: heard from it
[    0.738] A vip6 claiming -> holding: nobody held it
[    0.738] A vip6 holder - -> A: nobody held it
[    0.792] A vip1 holder - -> C: heard from it
[    0.792] A vip5 holder - -> C: heard from it
[    0.825] C vip3 holder - -> B: heard from it
[    0.837] B vip5 holder - -> C: heard from it
[    0.838] A vip7 claiming -> holding: nobody held it
[    0.838] A vip7 holder - -> A: nobody held it
[    0.960] C vip6 holder - -> A: heard from it
[    0.960] C vip7 holder - -> A: heard from it
[    1.088] B vip6 holder - -> A: heard from it
[    1.091] B vip7 holder - -> A: heard from it
= vip0: B
= vip1: C
= vip2: A
= vip3: B
= vip4: A
= vip5: C
= vip6: A
= vip7: A
[ 3101.137] B vip2 standby -> claiming (A): its holder died
[ 3101.137] B vip4 standby -> claiming (A): its holder died
[ 3101.137] B vip6 standby -> claiming (A): its holder died
[ 3101.137] B vip7 standby -> claiming (A): its holder died
[ 3101.237] B vip2 claiming -> holding (A): its holder died
[ 3101.237] B vip2 holder A -> B: its holder died
[ 3101.337] B vip4 claiming -> holding (A): its holder died
[ 3101.337] B vip4 holder A -> B: its holder died
[ 3101.422] C vip2 holder A -> B: its holder died
[ 3101.437] B vip6 claiming -> holding (A): its holder died
[ 3101.437] B vip6 holder A -> B: its holder died
[ 3101.537] B vip7 claiming -> holding (A): its holder died
[ 3101.537] B vip7 holder A -> B: its holder died
[ 3101.556] C vip4 holder A -> B: its holder died
[ 3101.627] C vip6 holder A -> B: its holder died
[ 3101.627] C vip7 holder A -> B: its holder died
= vip0: B
= vip1: C
= vip2: B
= vip3: B
= vip4: B
= vip5: C
= vip6: B
= vip7: B
