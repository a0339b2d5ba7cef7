# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prices of EC2 instances by the hour: Linux, on demand, shared tenancy. Written by tools/ec2_prices.py, which says how. Pure.

A family has its price for one unit of size: nano 0.25, micro 0.5, small 1, medium 2, large 4, xlarge 8, Nxlarge 8 * N. A type with another
price has its own. A family or type that is in neither has no price here.
"""

from __future__ import annotations

# By region: which source, and its date
DATES = {
    "af-south-1": ("libcloud", "2025-03-02"),
    "ap-east-1": ("libcloud", "2025-03-02"),
    "ap-northeast-1": ("libcloud", "2025-03-02"),
    "ap-northeast-2": ("libcloud", "2025-03-02"),
    "ap-northeast-3": ("libcloud", "2025-03-02"),
    "ap-south-1": ("libcloud", "2025-03-02"),
    "ap-south-2": ("libcloud", "2025-03-02"),
    "ap-southeast-1": ("libcloud", "2025-03-02"),
    "ap-southeast-2": ("libcloud", "2025-03-02"),
    "ap-southeast-3": ("libcloud", "2025-03-02"),
    "ap-southeast-4": ("libcloud", "2025-03-02"),
    "ap-southeast-5": ("libcloud", "2025-03-02"),
    "ap-southeast-7": ("libcloud", "2025-03-02"),
    "ca-central-1": ("libcloud", "2025-03-02"),
    "ca-west-1": ("libcloud", "2025-03-02"),
    "cn-north-1": ("karpenter", "2024-11-06"),
    "eu-central-1": ("libcloud", "2025-03-02"),
    "eu-central-2": ("libcloud", "2025-03-02"),
    "eu-north-1": ("libcloud", "2025-03-02"),
    "eu-south-1": ("libcloud", "2025-03-02"),
    "eu-south-2": ("libcloud", "2025-03-02"),
    "eu-west-1": ("libcloud", "2025-03-02"),
    "eu-west-2": ("libcloud", "2025-03-02"),
    "eu-west-3": ("libcloud", "2025-03-02"),
    "il-central-1": ("libcloud", "2025-03-02"),
    "me-central-1": ("libcloud", "2025-03-02"),
    "me-south-1": ("libcloud", "2025-03-02"),
    "mx-central-1": ("libcloud", "2025-03-02"),
    "sa-east-1": ("libcloud", "2025-03-02"),
    "us-east-1": ("karpenter", "2026-07-20"),
    "us-east-2": ("libcloud", "2025-03-02"),
    "us-gov-east-1": ("karpenter", "2026-07-20"),
    "us-gov-west-1": ("karpenter", "2026-07-20"),
    "us-west-1": ("libcloud", "2025-03-02"),
    "us-west-2": ("libcloud", "2025-03-02"),
    "us-west-2-lax-1": ("libcloud", "2025-03-02"),
}
FAMILIES = {
    "af-south-1": (
        "c5=0.0285 c5a=0.02575 c5ad=0.02925 c5d=0.0325 c5n=0.03625 c6g=0.0228 c6i=0.0285 c6in=0.038115 d2=0.109375 "
        "i3=0.05125 i3en=0.07425 i4i=0.056375 m5=0.03175 m5d=0.0375 m6g=0.0254 m6gd=0.03 m6i=0.03175 r5=0.042 "
        "r5d=0.0475 r5dn=0.05525 r5n=0.049625 r6g=0.0336 r6i=0.042 t3=0.0271 t4g=0.0216 x1e=0.14875 "
        "x2iedn=0.1488125 "
    ),
    "ap-east-1": (
        "c5=0.027 c5a=0.02425 c5d=0.03075 c5n=0.03575 c6a=0.0243 c6g=0.0215 c6gn=0.028625 c6i=0.027 c6in=0.0375375 "
        "c7g=0.02275 d2=0.119625 i3=0.0515 i3en=0.0745625 i4i=0.05664583 m5=0.033 m5d=0.03875 m6g=0.0265 "
        "m6gd=0.031 m6i=0.033 r5=0.04175 r5d=0.04375 r5n=0.0505 r6g=0.0335 r6i=0.04175 r7g=0.0355 r7gd=0.04134479 "
        "t3=0.0292 t4g=0.0232 "
    ),
    "ap-northeast-1": (
        "a1=0.01605 c3=0.031875 c4=0.0315 c5=0.02675 c5a=0.024 c5d=0.0305 c5n=0.034 c6a=0.024075 c6g=0.0214 "
        "c6gd=0.0245 c6gn=0.02725 c6i=0.02675 c6id=0.032025 c6in=0.0357 c7a=0.0323 c7g=0.0227375 c7gd=0.028825 "
        "c7gn=0.03935 c7i=0.0280875 c7i-flex=0.0266825 d2=0.1055 d3=0.0905 d3en=0.09525 g3=0.049375 i2=0.1250625 "
        "i3=0.04575 i3en=0.0665 i4i=0.0503125 i7ie=0.076475 im4gn=0.05334437 is4gen=0.0847875 m1=0.06075 "
        "m2=0.035875 m4=0.03225 m5=0.031 m5a=0.028 m5ad=0.0335 m5d=0.0365 m5dn=0.04375 m5n=0.03825 m5zn=0.0533375 "
        "m6a=0.0279 m6g=0.02475 m6gd=0.02925 m6i=0.031 m6id=0.038325 m6idn=0.0511875 m6in=0.0447525 m7a=0.0374325 "
        "m7g=0.02635 m7i=0.03255 m7i-flex=0.0309225 p3=0.262125 r3=0.049875 r4=0.04 r5=0.038 r5a=0.03425 "
        "r5ad=0.03975 r5b=0.04525 r5d=0.0435 r5dn=0.05075 r5n=0.04525 r6a=0.0342 r6g=0.0304 r6gd=0.03475 r6i=0.038 "
        "r6id=0.045675 r6idn=0.0593775 r6in=0.0529425 r7a=0.045885 r7g=0.0323 r7gd=0.04110625 r7i=0.0399 "
        "r7iz=0.05675 r8g=0.03553 t2=0.0304 t3=0.0272 t3a=0.0244 t4g=0.0216 x1e=0.151125 x2idn=0.07555078 "
        "x2iedn=0.1511016 x2iezn=0.151125 z1d=0.05675 "
    ),
    "ap-northeast-2": (
        "c5=0.024 c5a=0.0215 c5d=0.0275 c5n=0.0305 c6g=0.01925 c6gd=0.022 c6gn=0.024375 c6i=0.024 c6id=0.028875 "
        "c6in=0.032025 c7g=0.0204 c7i=0.0252 c7i-flex=0.02394 d2=0.1055 i3=0.04575 i3en=0.0665 i4i=0.0503125 "
        "m4=0.03075 m5=0.0295 m5a=0.0265 m5ad=0.03175 m5d=0.03475 m5zn=0.05075 m6g=0.0235 m6gd=0.0278 m6i=0.0295 "
        "m6id=0.0364875 m7g=0.025075 m7i=0.030975 m7i-flex=0.0294275 r3=0.049875 r4=0.04 r5=0.038 r5a=0.034 "
        "r5ad=0.0395 r5b=0.0445 r5d=0.04325 r5dn=0.04975 r5n=0.0445 r6g=0.0305 r6gd=0.0346 r6i=0.038 r6id=0.045425 "
        "r7g=0.0323 r7i=0.0399 t2=0.0288 t3=0.026 t3a=0.0234 t4g=0.0208 x1e=0.151125 x2iedn=0.1511012 z1d=0.05625 "
    ),
    "ap-northeast-3": (
        "c4=0.0315 c5=0.02675 c5d=0.0305 c5n=0.034 c6g=0.0215 c6gd=0.0245 c6gn=0.027305 c6i=0.02675 c7g=0.0227375 "
        "d2=0.1055 i3=0.04575 i3en=0.0665 i4i=0.0503125 m5=0.031 m5d=0.0365 m6g=0.0248 m6gd=0.0292 m6i=0.031 "
        "m7g=0.02635 r4=0.04 r5=0.038 r5d=0.0435 r6g=0.0304 r6gd=0.0348 r6i=0.038 t2=0.0304 t3=0.0272 x1e=0.151125 "
    ),
    "ap-south-1": (
        "a1=0.01275 c5=0.02125 c5a=0.01175 c5d=0.02475 c5n=0.027 c6a=0.0116875 c6g=0.01065 c6gd=0.01225 "
        "c6gn=0.021625 c6i=0.02125 c6in=0.02835 c7g=0.01225 c7gd=0.0144 c7i=0.0223125 c7i-flex=0.02119688 "
        "d2=0.1033125 d3=0.0654375 i3=0.04425 i3en=0.06425 i4i=0.04867188 is4gen=0.081875 m4=0.02625 m5=0.02525 "
        "m5a=0.013875 m5ad=0.01675 m5d=0.0305 m6a=0.0138875 m6g=0.01265 m6gd=0.0151 m6i=0.02525 m6id=0.032025 "
        "m6idn=0.0424125 m6in=0.03627 m7g=0.014575 m7gd=0.01775 m7i=0.0265125 m7i-flex=0.0251875 r3=0.047375 "
        "r4=0.03425 r5=0.0325 r5a=0.017875 r5ad=0.02075 r5d=0.03775 r5n=0.03825 r6a=0.017875 r6g=0.01625 "
        "r6gd=0.018675 r6i=0.0325 r6id=0.03965 r7g=0.01876979 r7gd=0.022 r7i=0.034125 r8g=0.020645 t2=0.0248 "
        "t3=0.0224 t3a=0.0123 t4g=0.0112 x1e=0.1075 x2idn=0.05375781 x2iedn=0.1075156 z1d=0.049 "
    ),
    "ap-south-2": (
        "c5=0.02125 c5d=0.02475 c6a=0.0116875 c6g=0.01065 c6i=0.02125 c6in=0.028325 c7g=0.01226875 i3=0.04425 "
        "i3en=0.06425 i4i=0.048625 m5=0.02525 m5d=0.0305 m6a=0.0138875 m6g=0.01265 m6gd=0.0151 m6i=0.02525 "
        "m7g=0.014575 r5=0.0325 r5d=0.03775 r6a=0.017875 r6g=0.01625 r6i=0.0325 r7g=0.01876875 t3=0.0224 "
        "t4g=0.0112 x2iedn=0.1075156 "
    ),
    "ap-southeast-1": (
        "a1=0.0147 c3=0.0330625 c4=0.028875 c5=0.0245 c5a=0.022 c5ad=0.02525 c5d=0.028 c5n=0.031 c6a=0.02205 "
        "c6g=0.0196 c6gd=0.0225 c6gn=0.02475 c6i=0.0245 c6id=0.0294 c6in=0.03255 c7g=0.020825 c7gd=0.02645 "
        "c7i=0.025725 c7i-flex=0.02444375 d2=0.10875 d3=0.07825 d3en=0.08237 g3=0.0521875 i2=0.1271875 i3=0.04675 "
        "i3en=0.06775 i4g=0.0462825 i4i=0.05142187 im4gn=0.05451 is4gen=0.08638 m2=0.03696875 m3=0.049 m4=0.03125 "
        "m5=0.03 m5a=0.027 m5ad=0.03225 m5d=0.03525 m5dn=0.04175 m5n=0.0365 m5zn=0.051625 m6a=0.027 m6g=0.024 "
        "m6gd=0.02825 m6i=0.03 m6id=0.0370125 m6idn=0.0488475 m6in=0.042705 m7g=0.0255 m7gd=0.03331094 m7i=0.0315 "
        "m7i-flex=0.029925 p2=0.21475 r3=0.049875 r4=0.04 r5=0.038 r5a=0.034 r5ad=0.03975 r5b=0.0445 r5d=0.0435 "
        "r5dn=0.05 r5n=0.0445 r6a=0.0342 r6g=0.0304 r6gd=0.03475 r6i=0.038 r6id=0.045675 r6idn=0.0585 "
        "r6in=0.052065 r7g=0.0323 r7gd=0.0411 r7i=0.0399 t2=0.0292 t3=0.0264 t3a=0.0236 t4g=0.0212 x1e=0.151125 "
        "x2iedn=0.1511016 z1d=0.0565 "
    ),
    "ap-southeast-2": (
        "a1=0.01665 c3=0.0330625 c4=0.0325 c5=0.02775 c5a=0.025 c5ad=0.02825 c5d=0.0315 c5n=0.03525 c6a=0.024975 "
        "c6g=0.0222 c6gd=0.02525 c6gn=0.02825 c6i=0.02775 c6id=0.033075 c6in=0.0370125 c7g=0.0235875 c7gd=0.02975 "
        "c7i=0.0291375 c7i-flex=0.02768 d2=0.10875 d3=0.07825 d3en=0.08237 f1=0.1238125 i2=0.1271875 i3=0.04675 "
        "i3en=0.06775 i4i=0.0514375 im4gn=0.05451 is4gen=0.08638 m2=0.03696875 m3=0.0465 m4=0.03125 m5=0.03 "
        "m5a=0.027 m5ad=0.0325 m5d=0.0355 m5zn=0.051625 m6a=0.027 m6g=0.024 m6gd=0.0285 m6i=0.03 m6id=0.037275 "
        "m6idn=0.05031 m6in=0.043875 m7g=0.0255 m7gd=0.03354687 m7i=0.0315 m7i-flex=0.029925 p3=0.264625 r4=0.0399 "
        "r5=0.03775 r5a=0.034 r5ad=0.03975 r5b=0.04525 r5d=0.0435 r5dn=0.051 r5n=0.04525 r6a=0.033975 r6g=0.0302 "
        "r6gd=0.03475 r6i=0.03775 r6id=0.0435 r6idn=0.05967 r6in=0.0529425 r7g=0.03208958 r7gd=0.03915 "
        "r7i=0.0396375 r8g=0.0353 t2=0.0292 t3=0.0264 t4g=0.0212 x1e=0.151125 x2idn=0.07555078 x2iedn=0.1511012 "
        "z1d=0.0565 "
    ),
    "ap-southeast-3": (
        "c5=0.0245 c5d=0.028 c5n=0.031 c6g=0.0196 c6gd=0.0225 c6gn=0.0248 c6in=0.03255 d3en=0.08237 i3=0.04675 "
        "i3en=0.06775 i4i=0.051425 m5=0.03 m5d=0.03525 m6g=0.024 m6gd=0.02825 m6i=0.03 m7g=0.0255 m7i=0.0315 "
        "m7i-flex=0.029925 r5=0.038 r5d=0.0435 r6g=0.0304 r6gd=0.03475 r7gd=0.0411 r7i=0.0399 t3=0.0264 t4g=0.0212 "
        "x2iedn=0.1511016 "
    ),
    "ap-southeast-4": (
        "c5=0.02775 c5d=0.0315 c6g=0.0222 c6in=0.037 i3=0.04675 i3en=0.06775 i4i=0.05142187 m5=0.03 m5d=0.0355 "
        "m6g=0.024 m6gd=0.0285 m7g=0.0255 r5=0.03775 r5d=0.0435 r6g=0.0302 t3=0.0264 t4g=0.0212 "
    ),
    "ap-southeast-5": (
        "c6g=0.01665 c6gn=0.02104 c6i=0.020825 c6id=0.02499 c6in=0.0276675 c7g=0.0177 c7gd=0.02248984 "
        "c7i=0.0218675 c7i-flex=0.02077375 i3en=0.06095833 i4i=0.04625 m6g=0.0204 m6gd=0.024 m6i=0.0255 "
        "m6id=0.03146 m7g=0.021675 m7gd=0.0283 m7i=0.026775 m7i-flex=0.02543625 r6g=0.0258375 r6i=0.0323 "
        "r6id=0.0388225 r7g=0.02745 r7gd=0.0349375 r7i=0.033915 x2iedn=0.1359913 "
    ),
    "ap-southeast-7": (
        "c6g=0.01665 c6gn=0.02104 c6i=0.020825 c6id=0.02499 c7g=0.0177 c7i=0.0218675 i3en=0.06095833 i4i=0.04625 "
        "m6g=0.0204 m6gd=0.024 m6i=0.0255 m6id=0.03146 m7g=0.021675 m7gd=0.0283125 m7i=0.026775 r6g=0.0258375 "
        "r6i=0.0323 r6id=0.0388225 r7g=0.02745 r7gd=0.0349375 r7i=0.033915 "
    ),
    "ca-central-1": (
        "c5=0.02325 c5a=0.021 c5d=0.0265 c5n=0.0295 c6a=0.020925 c6g=0.0186 c6gd=0.0212 c6gn=0.02365 c6i=0.02325 "
        "c6id=0.027825 c6in=0.030975 c7g=0.01975 c7i=0.0244125 c7i-flex=0.02319188 d2=0.094875 d3=0.06875 "
        "g3=0.04425 i3=0.043 i3en=0.0625 i4g=0.04254969 i4i=0.04725 im4gn=0.0501375 is4gen=0.0796875 m4=0.02775 "
        "m5=0.02675 m5a=0.024 m5ad=0.02875 m5d=0.0315 m6a=0.024075 m6g=0.0214 m6gd=0.0252 m6i=0.02675 "
        "m6id=0.033075 m6idn=0.043545 m6in=0.038795 m7g=0.0227375 m7i=0.0280875 m7i-flex=0.0266825 p3=0.210375 "
        "r4=0.0365 r5=0.0345 r5a=0.031 r5ad=0.036 r5b=0.04075 r5d=0.0395 r5n=0.04075 r6a=0.03105 r6g=0.0276 "
        "r6gd=0.0316 r6i=0.0345 r7g=0.029325 r7i=0.036225 t2=0.0256 t3=0.0232 t3a=0.0208 t4g=0.0184 x1e=0.1145937 "
        "x2iedn=0.114625 "
    ),
    "ca-west-1": (
        "c5=0.02325 c6g=0.0186 c6gn=0.02365 c6i=0.02325 c6id=0.027825 i3en=0.0625 i4i=0.04729688 m5=0.02675 "
        "m5d=0.0315 m6g=0.0214 m6gd=0.0252 m6i=0.02675 m6id=0.033075 r5=0.0345 r6g=0.0276 r6i=0.0345 r6id=0.041475 "
        "t3=0.0232 t4g=0.0184 "
    ),
    "cn-north-1": (
        "c3=0.2635 c4=0.2834375 c5=0.18475 c5a=0.166 c5d=0.227625 c6g=0.1465 c6gn=0.1861425 c6i=0.1848419 "
        "c7g=0.1571 d2=0.8340625 g3=0.5063898 g4dn=0.3376406 g5=0.4011405 i2=1.275438 i3=0.3902188 i3en=0.565625 "
        "i4i=0.45475 inf1=0.2465625 m3=0.43375 m4=0.35125 m5=0.25325 m5a=0.227625 m5d=0.31825 m6g=0.200925 "
        "m6i=0.2533019 m7g=0.2153 p2=1.3265 p3=2.254875 r3=0.612725 r4=0.48975 r5=0.304625 r5a=0.274125 "
        "r5d=0.369625 r6g=0.24165 r6gd=0.29265 r6i=0.3046469 r7g=0.2591 t2=0.212 t3=0.1314 t3a=0.1182 t4g=0.1012 "
        "x1=0.5380938 x2idn=0.5380528 x2iedn=1.076106 "
    ),
    "eu-central-1": (
        "c3=0.03225 c4=0.028375 c5=0.02425 c5a=0.02175 c5ad=0.025 c5d=0.02775 c5n=0.03075 c6a=0.021825 c6g=0.0194 "
        "c6gd=0.02225 c6gn=0.02465 c6i=0.02425 c6id=0.0291375 c6in=0.0322875 c7a=0.0292825 c7g=0.0206 "
        "c7gd=0.026225 c7i=0.0254625 c7i-flex=0.02418937 c8g=0.022675 d2=0.09925 d3=0.08225 d3en=0.0865625 "
        "i3=0.0465 i3en=0.0675 i4i=0.051125 i7ie=0.077625 i8g=0.05115 im4gn=0.05421875 is4gen=0.0860625 m4=0.03 "
        "m5=0.02875 m5a=0.026 m5ad=0.03125 m5d=0.034 m5dn=0.0405 m5n=0.03525 m5zn=0.0494625 m6a=0.025875 m6g=0.023 "
        "m6gd=0.02725 m6i=0.02875 m6id=0.0357 m6idn=0.047385 m6in=0.0412425 m7a=0.034715 m7g=0.0244375 "
        "m7gd=0.032125 m7i=0.0301875 m7i-flex=0.0286775 m8g=0.026885 r3=0.05 r4=0.0400125 r5=0.038 r5a=0.03425 "
        "r5ad=0.0395 r5b=0.0445 r5d=0.04325 r5dn=0.04975 r5n=0.0445 r6a=0.0342 r6g=0.0304 r6gd=0.0345 r6i=0.038 "
        "r6id=0.0454125 r6idn=0.0582075 r6in=0.052065 r7a=0.045885 r7g=0.0323 r7gd=0.04085 r7i=0.0399 r7iz=0.05625 "
        "r8g=0.03553 t2=0.0268 t3=0.024 t3a=0.0216 t4g=0.0192 x1e=0.145875 x2iedn=0.1458906 x8g=0.068275 "
        "z1d=0.05625 "
    ),
    "eu-central-2": (
        "c5=0.02667361 c5d=0.0305 c6g=0.0213375 c6in=0.035575 c7g=0.022675 d3=0.09046875 i3=0.051125 i3en=0.07425 "
        "i4i=0.05625 m5=0.031625 m5d=0.037375 m6g=0.0253 m6gd=0.029975 m6i=0.031625 m6id=0.03927 m6idn=0.05164 "
        "m6in=0.045865 r5=0.04175 r5d=0.0475 r6g=0.03343984 r6gd=0.03795 r6i=0.0418 t3=0.0264 t4g=0.0211 "
    ),
    "eu-north-1": (
        "c5=0.02275 c5a=0.0205 c5d=0.026 c5n=0.029 c6g=0.01825 c6gd=0.0208 c6gn=0.02325 c6i=0.02275 c6in=0.03045 "
        "c7a=0.02747 c7g=0.0193375 c7gd=0.02455 c7i=0.0238875 c7i-flex=0.0226925 c8g=0.021275 d2=0.08725 "
        "i3=0.04075 i3en=0.05925 i4i=0.0448125 m5=0.0255 m5d=0.03 m6g=0.0205 m6gd=0.024 m6i=0.0255 m6idn=0.0415 "
        "m6in=0.037 m7a=0.03079 m7g=0.021675 m7gd=0.02835 m7i=0.026775 m7i-flex=0.0254375 m8g=0.023845 r5=0.0335 "
        "r5b=0.039485 r5d=0.038 r5dn=0.04425 r5n=0.03975 r6g=0.02675 r6gd=0.0304 r6i=0.0335 r6idn=0.0517725 "
        "r6in=0.0465075 r7a=0.04045 r7g=0.028475 r7gd=0.03591016 r7i=0.035175 r8g=0.0313225 t3=0.0216 t4g=0.0172 "
        "x2idn=0.05941797 x2iedn=0.1188398 "
    ),
    "eu-south-1": (
        "c5=0.02525 c5a=0.02275 c5ad=0.02575 c5d=0.0285 c5n=0.03225 c6g=0.0202 c6gn=0.0258 c6i=0.02525 "
        "c6in=0.0338625 c7g=0.0214 d2=0.0965 i3=0.04525 i3en=0.0655 i4i=0.04977083 m5=0.028 m5a=0.02525 m5d=0.033 "
        "m6a=0.0252 m6g=0.0224 m6gd=0.0264 m6i=0.028 r5=0.037 r5a=0.03325 r5b=0.04375 r5d=0.042 r5dn=0.049 "
        "r5n=0.04375 r6g=0.0296 r6i=0.037 r7g=0.031375 r7i=0.03885 t3=0.02395 t3a=0.02155 t4g=0.0192 "
        "x2idn=0.06562891 x2iedn=0.1312538 "
    ),
    "eu-south-2": (
        "c5=0.024 c5d=0.02725 c6g=0.0182375 c6gd=0.0218 c6in=0.032 c7a=0.02898 c7g=0.019375 c7gd=0.02575 "
        "c7i=0.0252 c7i-flex=0.02394 c8g=0.021315 i3=0.043 i3en=0.0625 im4gn=0.0501375 m5=0.02675 m5d=0.0315 "
        "m6g=0.0215 m6gd=0.0252 m6idn=0.043545 m6in=0.038795 m7a=0.0323 m7g=0.022725 m7gd=0.02975 m7i=0.0280875 "
        "m7i-flex=0.0266825 m8g=0.024995 r5=0.03525 r5d=0.04 r6g=0.0282 r6gd=0.032 r7a=0.042565 r7g=0.02995 "
        "r7gd=0.0378 r7i=0.0370125 r8g=0.032945 t3=0.0228 t4g=0.0184 x2idn=0.06252344 x2iedn=0.1250469 "
    ),
    "eu-west-1": (
        "a1=0.0144 c3=0.029875 c4=0.02825 c5=0.024 c5a=0.0215 c5ad=0.0245 c5d=0.02725 c5n=0.0305 c6a=0.02052 "
        "c6g=0.0182375 c6gd=0.0218 c6gn=0.0244 c6i=0.0228 c6id=0.0286125 c6in=0.032025 c7a=0.02753 c7g=0.019375 "
        "c7gd=0.02575 c7gn=0.03525 c7i=0.02394 c7i-flex=0.0227425 c8g=0.02132 d2=0.091875 d3=0.076125 "
        "d3en=0.080125 f1=0.1134375 g3=0.0378125 h1=0.0324375 i2=0.1172187 i3=0.043 i3en=0.0625 i4g=0.04254969 "
        "i4i=0.04725 im4gn=0.0501375 is4gen=0.0796875 m2=0.034375 m3=0.0365 m4=0.02775 m5=0.02675 m5a=0.024 "
        "m5ad=0.02875 m5d=0.0315 m5dn=0.038 m5n=0.03325 m5zn=0.046025 m6a=0.024075 m6g=0.0215 m6gd=0.0252 "
        "m6i=0.02675 m6id=0.033075 m6idn=0.04446 m6in=0.0389025 m7a=0.0323 m7g=0.0227375 m7gd=0.02975 "
        "m7i=0.0280875 m7i-flex=0.0266825 p2=0.1215 r3=0.0463125 r4=0.03704687 r5=0.03525 r5a=0.03175 r5ad=0.0365 "
        "r5b=0.04175 r5d=0.04 r5dn=0.0465 r5n=0.04175 r6a=0.031725 r6g=0.0282 r6gd=0.032 r6i=0.03525 r6id=0.042 "
        "r6idn=0.054405 r6in=0.0488475 r7a=0.042565 r7g=0.0299625 r7gd=0.0378 r7i=0.0370125 r7iz=0.052 r8g=0.03296 "
        "t2=0.025 t3=0.0228 t3a=0.0204 t4g=0.0184 vt1=0.03058823 x1e=0.125 x2gd=0.05 x2idn=0.06252344 "
        "x2iedn=0.1250469 x2iezn=0.125 z1d=0.052 "
    ),
    "eu-west-2": (
        "c4=0.029625 c5=0.02525 c5a=0.02275 c5d=0.02875 c5n=0.032 c6a=0.022725 c6g=0.0202 c6gd=0.023 c6gn=0.025625 "
        "c6i=0.02525 c6id=0.0301875 c6in=0.0336 c7g=0.0214625 c7i=0.0265125 c7i-flex=0.02518688 d2=0.09646875 "
        "d3=0.07996875 i3=0.04525 i3en=0.06575 i4i=0.04975 i7ie=0.0756125 im4gn=0.05276125 is4gen=0.08383 m4=0.029 "
        "m5=0.02775 m5a=0.025 m5ad=0.03 m5d=0.03275 m6a=0.024975 m6g=0.0222 m6gd=0.0262 m6i=0.02775 m6id=0.0343875 "
        "m7g=0.0235875 m7i=0.0291375 m7i-flex=0.02768 m8g=0.02595 r4=0.039 r5=0.037 r5a=0.03325 r5ad=0.0385 "
        "r5b=0.04375 r5d=0.04225 r5n=0.04375 r6g=0.0296 r6gd=0.0338 r6i=0.037 r6id=0.0443625 r7g=0.03145 "
        "r7i=0.03885 t2=0.026 t3=0.0236 t3a=0.0212 t4g=0.0188 x2idn=0.06564844 x2iedn=0.1312969 z1d=0.05491667 "
    ),
    "eu-west-3": (
        "c5=0.02525 c5a=0.02275 c5d=0.02875 c5n=0.032 c6g=0.02145 c6gd=0.023 c6gn=0.025625 c6in=0.0336 c7g=0.02145 "
        "c7i=0.0265125 c7i-flex=0.02518688 d3=0.07996875 i3=0.04525 i3en=0.06575 i4i=0.04977083 im4gn=0.05276148 "
        "is4gen=0.08383 m5=0.028 m5a=0.02525 m5ad=0.03025 m5d=0.033 m6a=0.0252 m6g=0.0225 m6gd=0.0264 m6i=0.028 "
        "m7g=0.0238 m7gd=0.03118438 m7i=0.0294 m7i-flex=0.02793 r4=0.039 r5=0.037 r5a=0.03325 r5ad=0.03825 "
        "r5d=0.04225 r5dn=0.049 r5n=0.04375 r6g=0.0295 r6gd=0.0338 r6i=0.037 r7i=0.03885 t2=0.0264 t3=0.0236 "
        "t3a=0.0212 t4g=0.0188 x2iedn=0.1312969 "
    ),
    "il-central-1": (
        "c5=0.0251875 c6g=0.01915 c6gn=0.02562 c6i=0.02394 c6id=0.0300425 c6in=0.0336275 d3=0.07996875 i3=0.045125 "
        "i3en=0.065625 i4i=0.049625 m5=0.02808333 m5d=0.03307292 m6g=0.022575 m6gd=0.02645 m6i=0.0280875 "
        "m6id=0.03473 r5=0.037 r5d=0.042 r6g=0.0296 r6i=0.0370125 r6id=0.0441 t3=0.02395 t3a=0.0214 "
    ),
    "me-central-1": (
        "c5=0.026375 c5d=0.02997222 c6g=0.02005 c6in=0.0352 i3=0.04725 i3en=0.06875 i4i=0.05196875 m5=0.02942188 "
        "m5d=0.034625 m6g=0.02365 m6gd=0.0277 m6i=0.029425 m7g=0.025 r5=0.03875 r5d=0.044 r6g=0.031 r6i=0.038775 "
        "r7gd=0.041575 t3=0.025 t4g=0.0204 x2iezn=0.1281875 "
    ),
    "me-south-1": (
        "c5=0.026375 c5a=0.02375 c5ad=0.027 c5d=0.02996875 c5n=0.0335 c6g=0.02125 c6gn=0.0268 c6i=0.0264 "
        "c6in=0.035175 i3=0.04725 i3en=0.0684375 i4i=0.051975 m5=0.029375 m5d=0.034625 m6g=0.0235 m6gd=0.0277 "
        "m6i=0.033 m7g=0.02805 r5=0.03875 r5d=0.044 r6g=0.03101875 r6i=0.038775 r7g=0.03295 t4g=0.02 "
    ),
    "mx-central-1": (
        "c6g=0.01785 c6gn=0.02268 c6i=0.0223125 c6id=0.02646 c7g=0.019025 c7i=0.0234275 i3en=0.05925 i4i=0.045 "
        "m6g=0.0202 m6gd=0.023725 m6i=0.0252 m6id=0.031145 m7g=0.0214 m7gd=0.028025 m7i=0.02646 r6g=0.02645 "
        "r6i=0.033075 r6id=0.03969 r7g=0.0281125 r7gd=0.0357 r7i=0.03473 t3=0.0218 t4g=0.0176 "
    ),
    "sa-east-1": (
        "c3=0.040625 c5=0.03275 c5a=0.0295 c5ad=0.0335 c5d=0.03725 c5n=0.0415 c6a=0.029475 c6g=0.0262 c6gd=0.02975 "
        "c6gn=0.03325 c6i=0.03275 c6id=0.0391125 c6in=0.043575 c7g=0.02776875 c7i=0.0343875 c7i-flex=0.0326675 "
        "i3=0.06225 i3en=0.09 i4i=0.06846875 m2=0.0403125 m4=0.03975 m5=0.03825 m5a=0.0345 m5ad=0.04125 m5d=0.045 "
        "m5zn=0.0658 m6a=0.034425 m6g=0.0306 m6gd=0.036 m6i=0.03825 m6id=0.04725 m7g=0.0325 m7gd=0.042525 "
        "m7i=0.0401625 m7i-flex=0.038155 r3=0.0874375 r4=0.07 r5=0.05025 r5a=0.04525 r5ad=0.052 r5b=0.05925 "
        "r5d=0.057 r5n=0.059 r6g=0.0402 r6gd=0.0456 r6i=0.05025 r7g=0.0426 r7i=0.0527625 t2=0.0372 t3=0.0336 "
        "t3a=0.0302 t4g=0.0268 x1e=0.2031875 x2idn=0.1016016 x2iedn=0.2032031 "
    ),
    "us-east-1": (
        "a1=0.01275 c1=0.065 c3=0.02625 c4=0.02485937 c5=0.02125 c5a=0.01925 c5ad=0.0215 c5d=0.024 c5n=0.027 "
        "c6a=0.019125 c6g=0.017 c6gd=0.0192 c6gn=0.0216 c6i=0.02125 c6id=0.0252 c6in=0.02835 c7a=0.02566 "
        "c7g=0.018125 c7gd=0.022675 c7gn=0.0312 c7i=0.0223125 c7i-flex=0.02119688 c8a=0.0269425 c8g=0.01994 "
        "c8gb=0.029625 c8gd=0.024495 c8gn=0.029625 c8i=0.0234275 c8i-flex=0.022255 c8ib=0.03402 c8id=0.02772 "
        "c8in=0.03402 c8ine=0.042525 c9g=0.021735 c9gd=0.0267 d2=0.08625 d3=0.062375 d3en=0.0656875 f1=0.103125 "
        "f2=0.04125 g2=0.040625 g3=0.035625 g4ad=0.02709375 g4dn=0.034 g5=0.04241667 g5g=0.0214375 g6=0.03476667 "
        "g6e=0.07846661 g6f=0.0296875 g7=0.07425333 g7e=0.08631333 h1=0.02925 i2=0.1065625 i3=0.039 i3en=0.0565 "
        "i4g=0.03861 i4i=0.042875 i7i=0.0471875 i7ie=0.064975 i8g=0.0429 i8ge=0.059325 im4gn=0.04547375 "
        "inf1=0.02458333 inf2=0.03380536 is4gen=0.0720375 m1=0.04375 m2=0.030625 m3=0.03325 m4=0.025 m5=0.024 "
        "m5a=0.0215 m5ad=0.02575 m5d=0.02825 m5dn=0.034 m5n=0.02975 m5zn=0.0412875 m6a=0.0216 m6g=0.01925 "
        "m6gd=0.0226 m6i=0.024 m6id=0.0296625 m6idn=0.03978 m6in=0.0348075 m7a=0.02898 m7g=0.0204 m7gd=0.02669375 "
        "m7i=0.0252 m7i-flex=0.02394 m8a=0.03043 m8azn=0.051615 m8g=0.02244 m8gb=0.036375 m8gd=0.02883 "
        "m8gn=0.036375 m8i=0.02646 m8i-flex=0.0251375 m8ib=0.04177 m8id=0.03263 m8idb=0.047735 m8idn=0.047735 "
        "m8in=0.04177 m8ine=0.0522125 m9g=0.02446 m9gd=0.031425 p2=0.1125 p3=0.19125 r3=0.0415625 r4=0.03325 "
        "r5=0.0315 r5a=0.02825 r5ad=0.03275 r5b=0.03725 r5d=0.036 r5dn=0.04175 r5n=0.03725 r6a=0.02835 r6g=0.0252 "
        "r6gd=0.0288 r6i=0.0315 r6id=0.0378 r6idn=0.0488475 r6in=0.0435825 r7a=0.0380375 r7g=0.026775 r7gd=0.034 "
        "r7i=0.033075 r7iz=0.0465 r8a=0.03994 r8g=0.029455 r8gb=0.045545 r8gd=0.03674 r8gn=0.04554375 r8i=0.03473 "
        "r8i-flex=0.0329925 r8ib=0.0523 r8id=0.04158 r8idb=0.0586175 r8idn=0.0586175 r8in=0.0523 t2=0.0232 "
        "t3=0.0208 t3a=0.0188 t4g=0.0168 trn1=0.08398438 vt1=0.02708333 x1=0.05210156 x1e=0.10425 x2gd=0.04175 "
        "x2idn=0.05210156 x2iedn=0.1042031 x2iezn=0.10425 x8g=0.04885 x8i=0.0547075 z1d=0.0465 "
    ),
    "us-east-2": (
        "a1=0.01275 c4=0.02485937 c5=0.02125 c5a=0.01925 c5ad=0.0215 c5d=0.024 c5n=0.027 c6a=0.019125 c6g=0.017 "
        "c6gd=0.0192 c6gn=0.0216 c6i=0.02125 c6id=0.0252 c6in=0.02835 c7a=0.02566 c7g=0.01806458 c7gd=0.02267969 "
        "c7gn=0.0312 c7i=0.0223125 c7i-flex=0.02119688 c8g=0.01987 d2=0.08625 d3=0.062375 g3=0.035625 i2=0.1065625 "
        "i3=0.039 i3en=0.0565 i4g=0.03861 i4i=0.04289583 i7ie=0.064975 im4gn=0.04547375 is4gen=0.0720375 m4=0.025 "
        "m5=0.024 m5a=0.0215 m5ad=0.02575 m5d=0.02825 m5dn=0.034 m5n=0.02975 m6a=0.0216 m6g=0.01925 m6gd=0.0226 "
        "m6i=0.024 m6id=0.0296625 m6idn=0.03978 m6in=0.0348075 m7a=0.02898 m7g=0.0204 m7gd=0.02669375 m7i=0.0252 "
        "m7i-flex=0.02394 m8g=0.02244 p2=0.1125 r3=0.0415 r4=0.03325 r5=0.0315 r5a=0.02825 r5ad=0.03275 "
        "r5b=0.03725 r5d=0.036 r5dn=0.04175 r5n=0.03725 r6a=0.02835 r6g=0.0252 r6gd=0.0288 r6i=0.0315 r6id=0.0378 "
        "r6idn=0.0488475 r6in=0.0435825 r7a=0.0380375 r7g=0.026775 r7gd=0.03401875 r7i=0.033075 r7iz=0.0465 "
        "r8g=0.029455 t3=0.0208 t3a=0.0188 t4g=0.0168 x1e=0.10425 x2gd=0.04175 x2iedn=0.1042031 z1d=0.0465 "
    ),
    "us-gov-east-1": (
        "c5=0.0255 c5a=0.023 c5d=0.029 c5n=0.0325 c6g=0.0204 c6gd=0.0232 c6gn=0.026 c6i=0.0255 c6in=0.034125 "
        "c7g=0.021675 c7gd=0.0274 c7i=0.026775 c8gn=0.03565 d2=0.1035 g4dn=0.04285937 g6=0.0438212 i3=0.047 "
        "i3en=0.06825 i4i=0.0516875 i7i=0.05686875 i7ie=0.0784875 i8g=0.0517 i8ge=0.0716625 inf1=0.031 m5=0.03025 "
        "m5a=0.02725 m5d=0.03575 m5dn=0.04275 m5n=0.03725 m6g=0.0242 m6gd=0.0286 m6i=0.03025 m7g=0.0257 "
        "m7i=0.0317625 m7i-flex=0.030175 m8g=0.02827 m8gd=0.0365 m8i=0.03335 m8i-flex=0.031685 r5=0.03775 "
        "r5a=0.034 r5d=0.04325 r5dn=0.05025 r5n=0.04475 r6g=0.0302 r6gd=0.0346 r6i=0.03775 r7g=0.0320875 "
        "r7gd=0.04085 r7i=0.0396375 r8g=0.0353 r8gd=0.04414 r8i=0.04162 r8i-flex=0.03954 t3=0.0244 t3a=0.02195 "
        "t4g=0.0196 x1=0.06252344 x1e=0.125 x2idn=0.06252344 x2iedn=0.1250469 "
    ),
    "us-gov-west-1": (
        "c1=0.0785 c3=0.0315 c4=0.02992188 c5=0.0255 c5a=0.023 c5d=0.029 c5n=0.0325 c6g=0.0204 c6gd=0.0232 "
        "c6gn=0.026 c6i=0.0255 c6id=0.03045 c6in=0.034125 c7g=0.021675 c7gd=0.0274 c7i=0.026775 c7i-flex=0.0254375 "
        "c8g=0.023845 c8gn=0.03565 d2=0.1035 d3=0.07475 f1=0.12375 g3=0.04125 g4dn=0.04285937 g6=0.0438212 "
        "i2=0.127875 i3=0.047 i3en=0.06825 i4i=0.0516875 i7i=0.05686875 i7ie=0.0784875 i8g=0.0517 i8ge=0.0716625 "
        "inf1=0.031 m1=0.052875 m2=0.03659375 m3=0.042 m4=0.0315 m5=0.03025 m5a=0.02725 m5ad=0.03275 m5d=0.03575 "
        "m5dn=0.04275 m5n=0.03725 m6g=0.0242 m6gd=0.0286 m6i=0.03025 m6id=0.03755 m6idn=0.0500175 m6in=0.0435825 "
        "m7g=0.0257 m7i=0.0317625 m7i-flex=0.030175 m8a=0.0383525 m8g=0.02828 m8gd=0.0365 m8i=0.03335 "
        "m8i-flex=0.031685 p2=0.135 p3=0.2295 r3=0.049875 r4=0.0399 r5=0.03775 r5a=0.034 r5ad=0.0395 r5d=0.04325 "
        "r5dn=0.05025 r5n=0.04475 r6g=0.0302 r6gd=0.0346 r6i=0.03775 r6id=0.045425 r6idn=0.0587925 r6in=0.0523575 "
        "r7g=0.0320875 r7gd=0.040875 r7i=0.0396375 r8g=0.035295 r8gd=0.04414 r8i=0.04162 r8i-flex=0.03954 "
        "t2=0.0272 t3=0.0244 t3a=0.02195 t4g=0.0196 x1=0.06252344 x1e=0.125 x2idn=0.06252344 x2iedn=0.1250469 "
        "x8i=0.06565 "
    ),
    "us-west-1": (
        "c3=0.029875 c5=0.0265 c5a=0.02375 c5d=0.03 c5n=0.03375 c6a=0.02385 c6g=0.0212 c6gd=0.024 c6gn=0.027 "
        "c6i=0.0265 c6in=0.0354375 c7g=0.022525 c7gd=0.02835 c7i=0.027825 c7i-flex=0.02643375 d2=0.097625 i3=0.043 "
        "i3en=0.0625 i4i=0.04725 m2=0.034375 m4=0.02925 m5=0.028 m5a=0.02525 m5ad=0.0305 m5d=0.03325 m5zn=0.048175 "
        "m6a=0.0252 m6g=0.0224 m6gd=0.0265 m6i=0.028 m6idn=0.04586 m6in=0.04061 m7g=0.0238 m7gd=0.03141875 "
        "m7i=0.0294 m7i-flex=0.02793 r3=0.0463125 r5=0.035 r5a=0.0315 r5ad=0.037 r5d=0.0405 r5n=0.04225 r6a=0.0315 "
        "r6g=0.028 r6gd=0.0325 r6i=0.035 r7g=0.02975 r7gd=0.03825 r7i=0.03675 t2=0.0276 t3=0.0248 t3a=0.0223 "
        "t4g=0.02 x2idn=0.06773437 x2iedn=0.1354687 z1d=0.05275 "
    ),
    "us-west-2": (
        "a1=0.01275 c3=0.02625 c4=0.02485937 c5=0.02125 c5a=0.01925 c5ad=0.0215 c5d=0.024 c5n=0.027 c6a=0.019125 "
        "c6g=0.017 c6gd=0.0192 c6gn=0.0216 c6i=0.02125 c6id=0.0252 c6in=0.02835 c7a=0.02566 c7g=0.018125 "
        "c7gd=0.022675 c7gn=0.0312 c7i=0.0223125 c7i-flex=0.02119688 c8g=0.01994 d3=0.062375 d3en=0.0656875 "
        "f1=0.103125 g3=0.035625 h1=0.02925 i2=0.1065625 i3=0.039 i3en=0.0565 i4g=0.03861 i4i=0.042875 "
        "i7ie=0.064975 i8g=0.0429 im4gn=0.04547375 is4gen=0.0720375 m2=0.030625 m4=0.025 m5=0.024 m5a=0.0215 "
        "m5ad=0.02575 m5d=0.02825 m5dn=0.034 m5n=0.02975 m5zn=0.0412875 m6a=0.0216 m6g=0.01925 m6gd=0.0226 "
        "m6i=0.024 m6id=0.0296625 m6idn=0.03978 m6in=0.0348075 m7a=0.02898 m7g=0.0204 m7gd=0.02669583 m7i=0.0252 "
        "m7i-flex=0.02394 m8g=0.02244 r3=0.0415 r4=0.03325 r5=0.0315 r5a=0.02825 r5ad=0.03275 r5b=0.03725 "
        "r5d=0.036 r5dn=0.04175 r5n=0.03725 r6a=0.02835 r6g=0.0252 r6gd=0.0288 r6i=0.0315 r6id=0.0378 "
        "r6idn=0.0488475 r6in=0.0435825 r7a=0.0380375 r7g=0.026775 r7gd=0.03401979 r7i=0.033075 r7iz=0.0465 "
        "r8g=0.029455 t3=0.0208 t3a=0.0188 t4g=0.0168 x1e=0.10425 x2gd=0.04175 x2idn=0.05210156 x2iedn=0.1042031 "
        "x2iezn=0.10425 x8g=0.04885 z1d=0.0465 "
    ),
    "us-west-2-lax-1": ("c5=0.0255 i3en=0.06775 m5=0.02880208 m6g=0.0231 r5=0.03775 r5d=0.0431875 "),
}
TYPES = {
    "cn-north-1": (
        "c5.metal=35.49 c5d.metal=43.705 c6g.metal=19.3909 c6i.metal=47.31955 c7g.metal=20.1108 g3s.xlarge=11.282 "
        "g4dn.12xlarge=38.849 g4dn.2xlarge=7.468 g4dn.4xlarge=11.956 g4dn.xlarge=5.223 g5.12xlarge=53.64092 "
        "g5.16xlarge=38.73646 g5.2xlarge=11.46206 g5.4xlarge=15.3584 g5.8xlarge=23.15109 g5.xlarge=9.51389 "
        "inf1.2xlarge=3.63 inf1.xlarge=2.288 m1.small=0.442 m5.metal=48.634 m5d.metal=61.121 m6g.metal=26.4863 "
        "m6i.metal=64.84531 m7g.metal=27.5593 r5.metal=58.492 r5d.metal=70.979 r6g.metal=31.847 r6gd.metal=37.4613 "
        "r6i.metal=77.98963 r7g.metal=33.1675 t1.micro=0.221 t2.large=0.851 t2.medium=0.426 t2.nano=0.0606 "
        "u-12tb1.112xlarge=1074.685 u-6tb1.112xlarge=537.3425 u-6tb1.56xlarge=456.6812 u-9tb1.112xlarge=805.9796 "
        "x2idn.metal=137.7415 x2iedn.metal=275.483 "
    ),
    "us-east-1": (
        "a1.metal=0.408 c4.large=0.1 c5.metal=4.08 c5d.metal=4.608 c5n.metal=3.888 c6a.metal=7.344 "
        "c6g.metal=2.3066 c6gd.metal=2.6051 c6i.metal=5.44 c6id.metal=6.4512 c6in.metal=7.2576 "
        "c7a.metal-48xl=9.85344 c7g.metal=2.32 c7gd.metal=2.903 c7gn.metal=3.9936 c7i.metal-24xl=4.7124 "
        "c7i.metal-48xl=8.568 c8a.metal-24xl=5.69026 c8a.metal-48xl=10.34592 c8g.metal-24xl=4.21133 "
        "c8g.metal-48xl=7.65696 c8gb.metal-24xl=6.02928 c8gb.metal-48xl=11.376 c8gd.metal-24xl=5.17334 "
        "c8gd.metal-48xl=9.40608 c8gn.metal-24xl=6.0293 c8gn.metal-48xl=11.376 c8i.metal-48xl=9.89578 "
        "c8i.metal-96xl=17.99232 c8ib.metal-48xl=14.37005 c8ib.metal-96xl=26.12736 c8id.metal-48xl=11.70893 "
        "c8id.metal-96xl=21.28896 c8in.metal-48xl=14.37005 c8in.metal-96xl=26.12736 c9g.metal-48xl=9.18086 "
        "c9gd.metal-48xl=11.27808 cr1.8xlarge=3.5 dl1.24xlarge=13.10904 g3s.xlarge=0.75 g4ad.2xlarge=0.54117 "
        "g4ad.xlarge=0.37853 g4dn.12xlarge=3.912 g4dn.2xlarge=0.752 g4dn.4xlarge=1.204 g4dn.metal=7.824 "
        "g4dn.xlarge=0.526 g5.12xlarge=5.672 g5.16xlarge=4.096 g5.2xlarge=1.212 g5.4xlarge=1.624 g5.8xlarge=2.448 "
        "g5.xlarge=1.006 g5g.2xlarge=0.556 g5g.4xlarge=0.828 g5g.metal=2.744 g5g.xlarge=0.42 g6.12xlarge=4.6016 "
        "g6.16xlarge=3.3968 g6.2xlarge=0.9776 g6.4xlarge=1.3232 g6.8xlarge=2.0144 g6.xlarge=0.8048 "
        "g6e.12xlarge=10.49264 g6e.16xlarge=7.57719 g6e.2xlarge=2.24208 g6e.4xlarge=3.00424 g6e.8xlarge=4.52856 "
        "g6e.xlarge=1.861 g6f.large=0.202 g7.2xlarge=2.52 g7.4xlarge=3.04208 g7.8xlarge=4.08624 "
        "g7e.2xlarge=3.36312 g7e.4xlarge=3.99816 g7e.8xlarge=5.26824 gr6.4xlarge=1.5392 gr6.8xlarge=2.4464 "
        "gr6f.4xlarge=1.066 hpc7g.16xlarge=1.6832 hpc7g.4xlarge=1.6832 hpc7g.8xlarge=1.6832 i3.metal=4.992 "
        "i3en.metal=10.848 i4i.metal=10.982 i7i.metal-24xl=9.6204 i7i.metal-48xl=19.2408 i7ie.metal-24xl=13.2844 "
        "i7ie.metal-48xl=26.5687 i8g.metal-24xl=9.06048 i8g.metal-48xl=18.12096 i8ge.metal-24xl=12.1313 "
        "i8ge.metal-48xl=24.2626 inf1.2xlarge=0.362 inf1.xlarge=0.228 inf2.8xlarge=1.96786 inf2.xlarge=0.7582 "
        "m1.medium=0.087 m1.small=0.044 m3.medium=0.067 m5.metal=4.608 m5d.metal=5.424 m5dn.metal=6.528 "
        "m5n.metal=5.712 m5zn.metal=4.3605 m6a.metal=8.2944 m6g.metal=2.6112 m6gd.metal=3.0664 m6i.metal=6.144 "
        "m6id.metal=7.5936 m6idn.metal=10.18368 m6in.metal=8.91072 m7a.metal-48xl=11.12832 m7g.metal=2.6112 "
        "m7gd.metal=3.4171 m7i.metal-24xl=5.32224 m7i.metal-48xl=9.6768 m8a.metal-24xl=6.42682 "
        "m8a.metal-48xl=11.68512 m8azn.metal-12xl=5.45054 m8azn.metal-24xl=10.90109 m8g.metal-24xl=4.73933 "
        "m8g.metal-48xl=8.61696 m8gb.metal-24xl=14.80608 m8gb.metal-48xl=13.968 m8gd.metal-24xl=6.0889 "
        "m8gd.metal-48xl=11.07072 m8gn.metal-24xl=7.403 m8gn.metal-48xl=13.968 m8i.metal-48xl=10.16064 "
        "m8i.metal-96xl=20.32128 m8ib.metal-48xl=17.64365 m8ib.metal-96xl=32.07936 m8id.metal-48xl=12.52992 "
        "m8id.metal-96xl=25.05984 m8idb.metal-48xl=20.16326 m8idb.metal-96xl=36.66048 m8idn.metal-48xl=20.16326 "
        "m8idn.metal-96xl=36.66048 m8in.metal-48xl=17.64365 m8in.metal-96xl=32.07936 m9g.metal-48xl=10.3319 "
        "m9gd.metal-48xl=13.27392 p3dn.24xlarge=31.212 p4d.24xlarge=21.95764 p4de.24xlarge=27.44705 "
        "p5.48xlarge=55.04 p5.4xlarge=6.88 p5en.48xlarge=63.296 p6-b200.48xlarge=113.9328 p6-b300.48xlarge=142.416 "
        "r5.metal=6.048 r5b.metal=7.8672 r5d.metal=6.912 r5dn.metal=8.016 r5n.metal=7.152 r6a.metal=10.8864 "
        "r6g.metal=3.4191 r6gd.metal=3.9076 r6i.metal=8.064 r6id.metal=9.6768 r6idn.metal=12.50496 "
        "r6in.metal=11.15712 r7a.metal-48xl=14.6064 r7g.metal=3.4272 r7gd.metal=4.3546 r7i.metal-24xl=6.98544 "
        "r7i.metal-48xl=12.7008 r7iz.metal-16xl=6.5472 r7iz.metal-32xl=13.0944 r8a.metal-24xl=8.43533 "
        "r8a.metal-48xl=15.33696 r8g.metal-24xl=6.2209 r8g.metal-48xl=11.31072 r8gb.metal-24xl=18.53864 "
        "r8gb.metal-48xl=17.48928 r8gd.metal-24xl=7.75949 r8gd.metal-48xl=14.10816 r8gn.metal-24xl=9.2693 "
        "r8gn.metal-48xl=17.4893 r8i.metal-48xl=14.66995 r8i.metal-96xl=26.67264 r8ib.metal-48xl=22.09152 "
        "r8ib.metal-96xl=40.1664 r8id.metal-48xl=17.56339 r8id.metal-96xl=31.93344 r8idb.metal-48xl=24.76003 "
        "r8idb.metal-96xl=45.01824 r8idn.metal-48xl=24.76003 r8idn.metal-96xl=45.01824 r8in.metal-48xl=22.09152 "
        "r8in.metal-96xl=40.1664 t1.micro=0.02 t2.small=0.023 trn1n.32xlarge=24.78 u-12tb1.112xlarge=109.2 "
        "u-18tb1.112xlarge=163.8 u-24tb1.112xlarge=218.4 u-3tb1.56xlarge=27.3 u-6tb1.112xlarge=54.6 "
        "u-6tb1.56xlarge=46.40391 u-9tb1.112xlarge=81.9 u7i-12tb.224xlarge=125.5818 u7i-6tb.112xlarge=62.79 "
        "u7i-8tb.112xlarge=83.72 u7in-16tb.224xlarge=180.4756 u7in-24tb.224xlarge=270.7313 "
        "u7in-32tb.224xlarge=360.9869 x2gd.metal=5.8784 x2idn.metal=13.338 x2iedn.metal=26.676 x2iezn.metal=10.008 "
        "x8g.metal-24xl=10.31712 x8g.metal-48xl=18.7584 x8i.96xlarge=48.74438 x8i.metal-48xl=23.10845 "
        "x8i.metal-96xl=48.74438 z1d.metal=4.464 "
    ),
    "us-gov-east-1": (
        "c5.metal=4.896 c5n.metal=4.68 c6g.metal=2.7679 c6gd.metal=2.9696 c6i.metal=6.528 c6in.metal=8.736 "
        "c7g.metal=2.7744 c7gd.metal=3.5078 c7i.metal-24xl=5.65488 c7i.metal-48xl=10.2816 g4dn.12xlarge=4.931 "
        "g4dn.2xlarge=0.948 g4dn.4xlarge=1.518 g4dn.xlarge=0.663 g6.12xlarge=5.80003 g6.16xlarge=4.28145 "
        "g6.2xlarge=1.2322 g6.4xlarge=1.66781 g6.8xlarge=2.53903 g6.xlarge=1.0144 gr6.4xlarge=1.9401 "
        "gr6.8xlarge=3.08359 hpc6a.48xlarge=3.467 i3.metal=6.016 i3en.metal=13.104 i4i.metal=13.235 "
        "i7i.metal-24xl=11.5954 i7i.metal-48xl=23.1908 i7ie.metal-24xl=16.0476 i7ie.metal-48xl=32.0953 "
        "i8g.metal-24xl=10.91904 i8g.metal-48xl=21.83808 i8ge.metal-24xl=14.6513 i8ge.metal-48xl=29.3026 "
        "inf1.2xlarge=0.456 inf1.xlarge=0.288 m5.metal=5.808 m5d.metal=6.864 m5dn.metal=8.208 m5n.metal=7.152 "
        "m6g.metal=3.2835 m6gd.metal=3.8804 m6i.metal=7.744 m7g.metal=3.2896 m7i.metal-24xl=6.70824 "
        "m7i.metal-48xl=12.1968 m8g.metal-24xl=5.97062 m8g.metal-48xl=10.85568 m8gd.metal-24xl=7.7088 "
        "m8gd.metal-48xl=14.016 m8i.metal-48xl=12.8064 m8i.metal-96xl=25.6128 p3dn.24xlarge=37.454 "
        "p6-b200.48xlarge=136.7194 p6-b300.48xlarge=170.9 r5.metal=7.248 r5d.metal=8.304 r5dn.metal=9.648 "
        "r5n.metal=8.592 r6g.metal=4.0975 r6gd.metal=4.4288 r6i.metal=9.664 r7g.metal=4.1075 r7gd.metal=5.2314 "
        "r7i.metal-24xl=8.37144 r7i.metal-48xl=15.2208 r8g.metal-24xl=7.45536 r8g.metal-48xl=13.5552 "
        "r8gd.metal-24xl=9.32237 r8gd.metal-48xl=16.94976 r8i.metal-48xl=17.58029 r8i.metal-96xl=31.96416 "
        "u-12tb1.112xlarge=130.867 u-24tb1.112xlarge=261.73 u-6tb1.112xlarge=65.433 u-6tb1.56xlarge=55.61075 "
        "u-9tb1.112xlarge=98.15 u7i-12tb.224xlarge=150.497 u7i-6tb.112xlarge=75.24795 u7in-16tb.224xlarge=216.2838 "
        "u7in-24tb.224xlarge=324.4437 x2idn.metal=16.006 x2iedn.metal=32.012 "
    ),
    "us-gov-west-1": (
        "c5.metal=4.896 c5d.metal=5.568 c5n.metal=4.68 c6g.metal=2.7679 c6gd.metal=2.9696 c6i.metal=6.528 "
        "c6id.metal=7.7952 c6in.metal=8.736 c7g.metal=2.7744 c7gd.metal=3.5078 c7i.metal-24xl=5.65488 "
        "c7i.metal-48xl=10.2816 c8g.metal-24xl=5.03606 c8g.metal-48xl=9.15648 cc2.8xlarge=2.25 g3s.xlarge=0.868 "
        "g4dn.12xlarge=4.931 g4dn.2xlarge=0.948 g4dn.4xlarge=1.518 g4dn.metal=9.862 g4dn.xlarge=0.663 "
        "g6.12xlarge=5.80003 g6.16xlarge=4.28145 g6.2xlarge=1.2322 g6.4xlarge=1.66781 g6.8xlarge=2.53903 "
        "g6.xlarge=1.0144 gr6.4xlarge=1.9401 gr6.8xlarge=3.08359 hpc6a.48xlarge=3.467 hpc6id.32xlarge=6.8544 "
        "hpc7a.12xlarge=8.6674 hpc7a.24xlarge=8.6674 hpc7a.48xlarge=8.6674 hpc7a.96xlarge=8.6674 "
        "hpc7g.16xlarge=2.0262 hpc7g.4xlarge=2.0262 hpc7g.8xlarge=2.0262 hpc8a.96xlarge=9.5341 hs1.8xlarge=5.52 "
        "i3.metal=6.016 i3en.metal=13.104 i3p.16xlarge=6.016 i4i.metal=13.235 i7i.metal-24xl=11.5954 "
        "i7i.metal-48xl=23.1908 i7ie.metal-24xl=16.0481 i7ie.metal-48xl=32.0962 i8g.metal-24xl=10.91904 "
        "i8g.metal-48xl=21.83808 i8ge.metal-24xl=14.6513 i8ge.metal-48xl=29.3026 inf1.2xlarge=0.456 "
        "inf1.xlarge=0.288 m5.metal=5.808 m5d.metal=6.864 m5dn.metal=8.208 m5n.metal=7.152 m6g.metal=3.2835 "
        "m6gd.metal=3.8804 m6i.metal=7.744 m6id.metal=9.6128 m6idn.metal=12.80448 m6in.metal=11.15712 "
        "m7g.metal=3.2909 m7i.metal-24xl=6.70824 m7i.metal-48xl=12.1968 m8a.metal-24xl=8.10005 "
        "m8a.metal-48xl=14.72736 m8g.metal-24xl=5.97274 m8g.metal-48xl=10.85952 m8gd.metal-24xl=7.7088 "
        "m8gd.metal-48xl=14.016 m8i.metal-48xl=12.8064 m8i.metal-96xl=25.6128 p3dn.24xlarge=37.454 "
        "p4d.24xlarge=26.3511 p5.48xlarge=66.048 p5.4xlarge=8.256 p5en.48xlarge=75.9552 p6-b200.48xlarge=136.7194 "
        "r5.metal=7.248 r5d.metal=8.304 r5dn.metal=9.648 r5n.metal=8.592 r6g.metal=4.0975 r6gd.metal=4.4288 "
        "r6i.metal=9.664 r6id.metal=11.6288 r6idn.metal=15.05088 r6in.metal=13.40352 r7g.metal=4.1075 "
        "r7gd.metal=5.2333 r7i.metal-24xl=8.37144 r7i.metal-48xl=15.2208 r8g.metal-24xl=7.45457 "
        "r8g.metal-48xl=13.55376 r8gd.metal-24xl=9.32237 r8gd.metal-48xl=16.94976 r8i.metal-48xl=17.58029 "
        "r8i.metal-96xl=31.96416 t1.micro=0.024 u-12tb1.112xlarge=130.867 u-24tb1.112xlarge=261.73 "
        "u-3tb1.56xlarge=32.7165 u-6tb1.112xlarge=65.433 u-6tb1.56xlarge=55.61075 u-9tb1.112xlarge=98.15 "
        "u7i-12tb.224xlarge=150.497 u7i-6tb.112xlarge=75.24795 u7i-8tb.112xlarge=100.3311 "
        "u7in-16tb.224xlarge=216.2838 u7in-24tb.224xlarge=324.4437 x2idn.metal=16.006 x2iedn.metal=32.012 "
        "x8i.96xlarge=58.36285 x8i.metal-48xl=27.73056 x8i.metal-96xl=58.36285 "
    ),
}
SIZES = (
    "a1=medium,large,xlarge,2xlarge,4xlarge,metal c1=medium,xlarge c3=large,xlarge,2xlarge,4xlarge,8xlarge "
    "c4=large,xlarge,2xlarge,4xlarge,8xlarge "
    "c5=large,xlarge,2xlarge,4xlarge,9xlarge,12xlarge,18xlarge,24xlarge,metal "
    "c5a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "c5ad=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "c5d=large,xlarge,2xlarge,4xlarge,9xlarge,12xlarge,18xlarge,24xlarge,metal "
    "c5n=large,xlarge,2xlarge,4xlarge,9xlarge,18xlarge,metal "
    "c6a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal "
    "c6g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c6gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c6gn=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c6i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "c6id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "c6in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "c7a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal-48xl "
    "c7g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c7gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c7gn=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "c7i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c7i-flex=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge "
    "c8a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c8g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c8gb=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c8gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c8gn=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "c8i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "c8i-flex=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge "
    "c8ib=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "c8id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "c8in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "c8ine=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge "
    "c9g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-48xl "
    "c9gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-48xl cc2=8xlarge "
    "cr1=8xlarge d2=xlarge,2xlarge,4xlarge,8xlarge d3=xlarge,2xlarge,4xlarge,8xlarge "
    "d3en=xlarge,2xlarge,4xlarge,6xlarge,8xlarge,12xlarge dl1=24xlarge dl2q=24xlarge f1=2xlarge,4xlarge,16xlarge "
    "f2=6xlarge,12xlarge,48xlarge g2=2xlarge,8xlarge g3=4xlarge,8xlarge,16xlarge g3s=xlarge "
    "g4ad=xlarge,2xlarge,4xlarge,8xlarge,16xlarge g4dn=xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "g5=xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge "
    "g5g=xlarge,2xlarge,4xlarge,8xlarge,16xlarge,metal "
    "g6=xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge "
    "g6e=xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge g6f=large,xlarge,2xlarge,4xlarge "
    "g7=2xlarge,4xlarge,8xlarge,12xlarge,24xlarge,48xlarge g7e=2xlarge,4xlarge,8xlarge,12xlarge,24xlarge,48xlarge "
    "gr6=4xlarge,8xlarge gr6f=4xlarge h1=2xlarge,4xlarge,8xlarge,16xlarge hpc6a=48xlarge hpc6id=32xlarge "
    "hpc7a=12xlarge,24xlarge,48xlarge,96xlarge hpc7g=4xlarge,8xlarge,16xlarge hpc8a=96xlarge hs1=8xlarge "
    "i2=large,xlarge,2xlarge,4xlarge,8xlarge i3=large,xlarge,2xlarge,4xlarge,8xlarge,16xlarge,metal "
    "i3en=large,xlarge,2xlarge,3xlarge,6xlarge,12xlarge,24xlarge,metal i3p=16xlarge "
    "i4g=large,xlarge,2xlarge,4xlarge,8xlarge,16xlarge "
    "i4i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "i7i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "i7ie=large,xlarge,2xlarge,3xlarge,6xlarge,12xlarge,18xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "i8g=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "i8ge=large,xlarge,2xlarge,3xlarge,6xlarge,12xlarge,18xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "im4gn=large,xlarge,2xlarge,4xlarge,8xlarge,16xlarge inf1=xlarge,2xlarge,6xlarge,24xlarge "
    "inf2=xlarge,8xlarge,24xlarge,48xlarge is4gen=medium,large,xlarge,2xlarge,4xlarge,8xlarge "
    "m1=small,medium,large,xlarge m2=xlarge,2xlarge,4xlarge m3=medium,large,xlarge,2xlarge "
    "m4=large,xlarge,2xlarge,4xlarge,10xlarge,16xlarge "
    "m5=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "m5a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "m5ad=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "m5d=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "m5dn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "m5n=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "m5zn=large,xlarge,2xlarge,3xlarge,6xlarge,12xlarge,metal "
    "m6a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal "
    "m6g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "m6gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "m6i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "m6id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "m6idn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "m6in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "m7a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal-48xl "
    "m7g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "m7gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "m7i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m7i-flex=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge "
    "m8a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m8azn=medium,large,xlarge,3xlarge,6xlarge,12xlarge,24xlarge,metal-12xl,metal-24xl "
    "m8g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m8gb=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m8gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m8gn=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "m8i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8i-flex=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge "
    "m8ib=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8idb=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8idn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "m8ine=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge "
    "m9g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-48xl "
    "m9gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-48xl mac1=metal "
    "mac2=metal mac2-m1ultra=metal mac2-m2=metal mac2-m2pro=metal p2=xlarge,8xlarge,16xlarge "
    "p3=2xlarge,8xlarge,16xlarge p3dn=24xlarge p4d=24xlarge p4de=24xlarge p5=4xlarge,48xlarge p5e=48xlarge "
    "p5en=48xlarge p6-b200=48xlarge p6-b300=48xlarge r3=large,xlarge,2xlarge,4xlarge,8xlarge "
    "r4=large,xlarge,2xlarge,4xlarge,8xlarge,16xlarge "
    "r5=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "r5a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "r5ad=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge "
    "r5b=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "r5d=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "r5dn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "r5n=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,metal "
    "r6a=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal "
    "r6g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "r6gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "r6i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "r6id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "r6idn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "r6in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,metal "
    "r7a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,metal-48xl "
    "r7g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "r7gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "r7i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r7iz=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,32xlarge,metal-16xl,metal-32xl "
    "r8a=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r8g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r8gb=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r8gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r8gn=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "r8i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "r8i-flex=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge "
    "r8ib=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "r8id=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "r8idb=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "r8idn=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "r8in=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,96xlarge,metal-48xl,metal-96xl "
    "t1=micro t2=nano,micro,small,medium,large,xlarge,2xlarge t3=nano,micro,small,medium,large,xlarge,2xlarge "
    "t3a=nano,micro,small,medium,large,xlarge,2xlarge t4g=nano,micro,small,medium,large,xlarge,2xlarge "
    "trn1=2xlarge,32xlarge trn1n=32xlarge trn2=48xlarge u-12tb1=112xlarge,metal u-18tb1=112xlarge,metal "
    "u-24tb1=112xlarge,metal u-3tb1=56xlarge u-6tb1=56xlarge,112xlarge,metal u-9tb1=112xlarge,metal "
    "u7i-12tb=224xlarge u7i-6tb=112xlarge u7i-8tb=112xlarge u7in-16tb=224xlarge u7in-24tb=224xlarge "
    "u7in-32tb=224xlarge vt1=3xlarge,6xlarge,24xlarge x1=16xlarge,32xlarge "
    "x1e=xlarge,2xlarge,4xlarge,8xlarge,16xlarge,32xlarge "
    "x2gd=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,metal "
    "x2idn=16xlarge,24xlarge,32xlarge,metal x2iedn=xlarge,2xlarge,4xlarge,8xlarge,16xlarge,24xlarge,32xlarge,metal "
    "x2iezn=2xlarge,4xlarge,6xlarge,8xlarge,12xlarge,metal "
    "x8g=medium,large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,48xlarge,metal-24xl,metal-48xl "
    "x8i=large,xlarge,2xlarge,4xlarge,8xlarge,12xlarge,16xlarge,24xlarge,32xlarge,48xlarge,64xlarge,96xlarge,metal-48xl,metal-96xl "
    "z1d=large,xlarge,2xlarge,3xlarge,6xlarge,12xlarge,metal "
)
