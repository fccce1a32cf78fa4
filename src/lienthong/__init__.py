"""lienthong: the open platform on which a state serves people without asking twice."""
