"""Did the target language gain, and did the source language keep what it had?"""
