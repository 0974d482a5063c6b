"""Trademark-logo similarity search: which earlier marks could this logo be confused with, and why?"""
